using System.Diagnostics;
using System.Security.Cryptography;
using SnapshotWorkflows.Tests.Secondary;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

/// <summary>Readers of VHD that nobody here has written: qemu-img (qemu-utils), libvhdi (python3-libvhdi) and 7-Zip (7zip), as Debian has them. One that is missing is a failure.</summary>
internal static class ForeignVhdTools
{
    public const string Refused = "refused";
    public static readonly string[] All = ["qemu-img", "libvhdi", "7z"];

    // Debian calls it the one or the other.
    private static readonly string s_sevenZip = File.Exists("/usr/bin/7zz") ? "7zz" : "7z";

    // Opens the files, each the parent of the one before it, and prints the SHA-256 of the first one's disk.
    private const string Vhdi = """
        import hashlib, pyvhdi, sys
        files = []
        for name in sys.argv[1:]:
            file = pyvhdi.file()
            file.open(name)
            files.append(file)
        for child, parent in zip(files[-2::-1], files[:0:-1]):
            child.set_parent(parent)
        size, at, sha = files[0].get_media_size(), 0, hashlib.sha256()
        while at < size:
            data = files[0].read_buffer_at_offset(min(1 << 20, size - at), at)
            if not data:
                sys.exit('short')
            sha.update(data)
            at += len(data)
        print(sha.hexdigest())
        """;

    /// <summary>SHA-256 of the disk as the tool reads it, or <see cref="Refused"/>.</summary>
    public static async Task<string> ReadAsync(string tool, TempFolder folder, string vhd, params string[] parents)
    {
        var raw = folder.Of("raw");
        Directory.CreateDirectory(raw);
        try
        {
            switch (tool)
            {
                case "libvhdi":
                    return await RunAsync("/usr/bin/python3", ["-c", Vhdi, vhd, .. parents]) is { } said ? said.Trim() : Refused;
                case "7z":
                    return await RunAsync(s_sevenZip, ["x", "-y", "-bd", "-tVHD", "-o" + raw, vhd]) is null ? Refused : await HashAsync(Directory.GetFiles(raw).Single());
                default:
                    var image = $"driver=vpc,force_size_calc=current_size,file.driver=file,file.filename={vhd}";
                    return await RunAsync("qemu-img", ["convert", "--image-opts", image, "-O", "raw", Path.Combine(raw, "disk")]) is null ? Refused : await HashAsync(Path.Combine(raw, "disk"));
            }
        }
        finally
        {
            Directory.Delete(raw, recursive: true);
        }
    }

    private static async Task<string> HashAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file));
    }

    /// <returns>Null where it failed.</returns>
    private static async Task<string?> RunAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        var error = await errors;
        await process.WaitForExitAsync();
        if (error.Contains("ModuleNotFoundError", StringComparison.Ordinal))
            throw new InvalidOperationException($"{program} lacks a module (./test installs python3-libvhdi, for the distribution's own python3). {error}");
        return process.ExitCode == 0 ? output : null;
    }
}
