using System.Text.Json;

namespace SnapshotWorkflows.Lab.Prover;

/// <summary>
/// Proves a copy with code of its own: it shares nothing with the product nor with the simulators. Prints <c>sha256 HEX</c> on success
/// and one line on standard error, with exit code 1, when what it reads is not what it should be.
/// </summary>
internal static class Program
{
    private const string Usage = """
        prover lun FILE             SHA-256 of the logical disk inside a raw LUN that holds an LVM storage repository
        prover restore VHD OUT      restores a VHD to a plain sparse file and prints the disk's SHA-256
        prover files DISK LIST      compares the files inside a plain disk with a list {"files":[{"path","bytes","sha256"}]}
        """;

    private static int Main(string[] args)
    {
        try
        {
            switch (args)
            {
                case ["lun", var file]:
                    using (var lun = File.OpenHandle(file)) Print(LvmStorageRepository.OpenOnlyDisk(Region.Whole(lun)), output: null);
                    return 0;
                case ["restore", var vhd, var target]:
                    using (var source = File.OpenHandle(vhd))
                    using (var output = new FileStream(target, FileMode.Create, FileAccess.Write)) Print(VhdDisk.Open(Region.Whole(source)), output);
                    return 0;
                case ["files", var disk, var list]:
                    return CompareFiles(disk, list);
                default:
                    Console.Error.WriteLine(Usage);
                    return 2;
            }
        }
        catch (Exception error) when (error is InvalidDataException or IOException or OverflowException or JsonException)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }

    private static void Print(VhdDisk disk, FileStream? output)
    {
        Console.WriteLine($"sha256 {disk.Hash(output)}");
        Console.WriteLine($"bytes {disk.Size}");
        Console.WriteLine($"blocks {disk.PresentBlocks}");
    }

    private static int CompareFiles(string disk, string list)
    {
        using var raw = File.OpenHandle(disk);
        using var json = JsonDocument.Parse(File.ReadAllBytes(list));
        var found = new Fat32(Region.Whole(raw)).Files().ToDictionary(file => file.Path, StringComparer.Ordinal);
        var good = 0;
        var wrong = new List<string>();
        foreach (var file in json.RootElement.GetProperty("files").EnumerateArray())
        {
            var path = file.GetProperty("path").GetString()!;
            if (!found.TryGetValue(path, out var there)) wrong.Add($"{path} is missing");
            else if (there.Bytes != file.GetProperty("bytes").GetInt64()) wrong.Add($"{path} has {there.Bytes} bytes");
            else if (there.Sha256 != file.GetProperty("sha256").GetString()) wrong.Add($"{path} has another content");
            else good++;
        }

        foreach (var line in wrong) Console.Error.WriteLine(line);
        Console.WriteLine($"files {good}");
        return wrong.Count == 0 ? 0 : 1;
    }
}
