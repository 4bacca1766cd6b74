using System.Xml.Linq;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>A mounted folder with one VHD file per VDI.</summary>
internal sealed class FolderAttachment(string folder) : IAttachment
{
    public string Folder { get; } = folder;

    public void Dispose()
    {
        // A folder needs no unmounting.
    }
}

/// <summary>The nfs plug-in (an export, by default with a folder named after the SR) and the file plug-in (a path in the control domain).</summary>
internal sealed class FileDriver(bool isNfs, Exports exports, long capacity, TimeProvider clock) : SrDriver
{
    public override string Probe(HostRow host, IReadOnlyDictionary<string, string> config, IReadOnlyDictionary<string, string> smConfig)
    {
        var list = new XElement("SRlist");
        foreach (var folder in Directory.EnumerateDirectories(Root(host, config)).Order(StringComparer.Ordinal))
            if (Guid.TryParseExact(Path.GetFileName(folder), "D", out _))
                list.Add(new XElement("SR", new XElement("UUID", Path.GetFileName(folder))));
        return IscsiInitiator.Printed(list);
    }

    public override void Create(HostRow host, SrRow sr, IReadOnlyDictionary<string, string> config) =>
        Directory.CreateDirectory(Place(Root(host, config), sr, config));

    public override IAttachment Attach(HostRow host, SrRow sr, IReadOnlyDictionary<string, string> config)
    {
        var folder = Place(Root(host, config), sr, config);
        if (!Directory.Exists(folder))
            throw Missing(isNfs ? "mount failed with return code 32: no such folder on the server" : "no such path");
        return new FolderAttachment(folder);
    }

    public override IReadOnlyList<FoundVdi> Scan(IAttachment attachment)
    {
        var found = new List<FoundVdi>();
        foreach (var path in Directory.EnumerateFiles(Folder(attachment), "*.vhd").Order(StringComparer.Ordinal))
        {
            var uuid = Path.GetFileNameWithoutExtension(path);
            if (!Guid.TryParseExact(uuid, "D", out _))
                continue;
            using var file = FileDevice.OpenExisting(path, writable: false);
            if (VhdDisk.SizeOf(file) is { } size)
                found.Add(new FoundVdi(uuid, size, file.Length, "", "", IsSnapshot: false, "", "user"));
        }

        return found;
    }

    public override (long Size, long Used) Space(IAttachment attachment)
    {
        var used = Directory.EnumerateFiles(Folder(attachment), "*.vhd").Sum(f => new FileInfo(f).Length);
        return (capacity, IsFull(attachment) ? capacity : used);
    }

    public override long CreateVdi(IAttachment attachment, SrRow sr, VdiRow vdi)
    {
        if (IsFull(attachment))
            throw new XenError("SR_FULL", vdi.VirtualSize.ToString(), "0");
        using var file = FileDevice.CreateNew(PathOf(attachment, vdi.Uuid));
        VhdDisk.Format(file, vdi.VirtualSize, Guid.Parse(vdi.Uuid), clock.GetUtcNow());
        return file.Length;
    }

    public override void DestroyVdi(IAttachment attachment, SrRow sr, string vdiUuid) => File.Delete(PathOf(attachment, vdiUuid));

    public override void Replace(IAttachment attachment, SrRow sr, VdiRow vdi, long size, Action<VhdDisk> fill)
    {
        if (IsFull(attachment))
            throw new XenError("SR_FULL", size.ToString(), "0");
        var temporary = PathOf(attachment, vdi.Uuid) + ".tmp";
        File.Delete(temporary);
        using (var file = FileDevice.CreateNew(temporary))
            fill(VhdDisk.Format(file, size, Guid.Parse(vdi.Uuid), clock.GetUtcNow()));
        File.Move(temporary, PathOf(attachment, vdi.Uuid), overwrite: true);
    }

    public override (VhdDisk Disk, IDisposable? Handle) Open(IAttachment attachment, string vdiUuid)
    {
        var path = PathOf(attachment, vdiUuid);
        if (!File.Exists(path))
            throw XenError.Backend(46, $"The VDI is not available [opterr=no file {vdiUuid}.vhd]");
        var file = FileDevice.OpenExisting(path, writable: true);
        if (VhdDisk.Open(file) is { } disk)
            return (disk, file);
        file.Dispose();
        throw XenError.Backend(46, $"The VDI is not available [opterr={vdiUuid}.vhd is no VHD]");
    }

    public override void Destroy(IAttachment attachment)
    {
        if (Guid.TryParseExact(Path.GetFileName(Folder(attachment)), "D", out _) && !Directory.EnumerateFileSystemEntries(Folder(attachment)).Any())
            Directory.Delete(Folder(attachment));
    }

    public override long PhysicalSize(IAttachment attachment, string vdiUuid)
    {
        var file = new FileInfo(PathOf(attachment, vdiUuid));
        return file.Exists ? file.Length : 0;
    }

    public override bool IsFull(IAttachment attachment) => exports.IsFull(Folder(attachment));

    private static string Folder(IAttachment attachment) => ((FolderAttachment)attachment).Folder;

    private static string PathOf(IAttachment attachment, string vdiUuid) => Path.Combine(Folder(attachment), vdiUuid + ".vhd");

    private string Root(HostRow host, IReadOnlyDictionary<string, string> config)
    {
        if (!isNfs)
        {
            var location = Required(config, "location", 94, "The location parameter is missing").TrimEnd('/');
            var mount = host.Mounts.Keys.Where(m => Exports.IsBelow(location, m)).MaxBy(m => m.Length);
            return (mount is null ? null : Exports.Below(host.Mounts[mount], location[mount.Length..])) ?? throw Missing("nothing is mounted there");
        }

        var server = Required(config, "server", 102, "The server parameter is missing");
        var path = Required(config, "serverpath", 101, "The serverpath parameter is missing");
        var folder = exports.Folder(server + ":" + path);
        return folder is not null && Directory.Exists(folder) ? folder : throw Missing("mount failed with return code 32: no such export");
    }

    private string Place(string root, SrRow sr, IReadOnlyDictionary<string, string> config)
    {
        var flat = !isNfs || sr.SmConfig.GetValueOrDefault("nosubdir") == "true" || config.GetValueOrDefault("nosubdir") == "true";
        return flat ? root : Path.Combine(root, sr.Uuid);
    }

    // The file plug-in's number for a path that cannot be attached is an assumption.
    private XenError Missing(string detail) => isNfs
        ? XenError.Backend(73, $"NFS mount error [opterr={detail}]")
        : XenError.Backend(63, $"FileSR is not available [opterr={detail}]");
}
