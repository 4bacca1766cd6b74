namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>What a host holds while a PBD is plugged.</summary>
internal interface IAttachment : IDisposable;

/// <summary>One VDI as a scan finds it.</summary>
internal sealed record FoundVdi(
    string Uuid, long VirtualSize, long PhysicalUtilisation, string NameLabel, string NameDescription, bool IsSnapshot, string SnapshotOf, string Type);

/// <summary>A storage manager plug-in: the calls that xapi makes to it. Errors are <see cref="XenError"/> of SR_BACKEND_FAILURE_n.</summary>
internal abstract class SrDriver
{
    public abstract string Probe(HostRow host, IReadOnlyDictionary<string, string> config, IReadOnlyDictionary<string, string> smConfig);

    /// <summary>Makes the SR's own structures; the PBD is plugged afterwards.</summary>
    public abstract void Create(HostRow host, SrRow sr, IReadOnlyDictionary<string, string> config);

    public abstract IAttachment Attach(HostRow host, SrRow sr, IReadOnlyDictionary<string, string> config);

    public abstract IReadOnlyList<FoundVdi> Scan(IAttachment attachment);

    public abstract (long Size, long Used) Space(IAttachment attachment);

    /// <summary>Makes an empty disk; its physical size in bytes.</summary>
    public abstract long CreateVdi(IAttachment attachment, SrRow sr, VdiRow vdi);

    public abstract void DestroyVdi(IAttachment attachment, SrRow sr, string vdiUuid);

    /// <summary>Opens the disk's VHD; disposing what is returned closes it.</summary>
    public abstract (VhdDisk Disk, IDisposable? Handle) Open(IAttachment attachment, string vdiUuid);

    /// <summary>Writes the disk anew with another size; the old one stays until the new is complete.</summary>
    public abstract void Replace(IAttachment attachment, SrRow sr, VdiRow vdi, long size, Action<VhdDisk> fill);

    public abstract long PhysicalSize(IAttachment attachment, string vdiUuid);

    /// <summary>Wipes the SR's own structures; it is empty.</summary>
    public abstract void Destroy(IAttachment attachment);

    /// <summary>Whether nothing more can be written there.</summary>
    public virtual bool IsFull(IAttachment attachment) => false;

    protected static string Required(IReadOnlyDictionary<string, string> config, string key, int error, string reason) =>
        config.GetValueOrDefault(key) is { Length: > 0 } value ? value : throw XenError.Backend(error, reason);
}
