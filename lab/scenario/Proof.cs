using System.Security.Cryptography;
using SnapshotWorkflows.Lab.Processes;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>The prover's findings: hashes of the same disk by ways that share no code with the product.</summary>
internal static class Proof
{
    /// <summary>SHA-256 of the disk inside a raw LUN.</summary>
    public static async Task<string> HashLunAsync(string lun, CancellationToken cancellation) =>
        Hash(await ProgramRun.OutputAsync(Checkout.Prover, ["lun", lun], cancellation));

    /// <summary>Restores a VHD to a plain file and gives the SHA-256 of that.</summary>
    public static async Task<string> RestoreAsync(string vhd, string target, CancellationToken cancellation) =>
        Hash(await ProgramRun.OutputAsync(Checkout.Prover, ["restore", vhd, target], cancellation));

    /// <summary>Restores a snapshot from a plain copy of a repository of chunks, by a reader in Python, and gives the SHA-256 of the disk.</summary>
    public static async Task<string> RestoreChunksAsync(string repository, string snapshot, string target, IReadOnlyList<string> key, CancellationToken cancellation)
    {
        await ProgramRun.OutputAsync(Path.Combine(Checkout.Root, "lab", "prover", "chunks.py"), [repository, snapshot, target, .. key], cancellation, interpreter: "python3");
        await using var disk = File.OpenRead(target);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(disk, cancellation));
    }

    /// <summary>Compares the files inside a restored disk with the list of what was put there; the number of files that agree.</summary>
    public static async Task<int> CompareFilesAsync(string disk, string list, CancellationToken cancellation)
    {
        var output = await ProgramRun.OutputAsync(Checkout.Prover, ["files", disk, list], cancellation);
        return int.Parse(Field(output, "files"));
    }

    private static string Hash(string output) => Field(output, "sha256");

    private static string Field(string output, string name) =>
        output.Split('\n').Select(line => line.Split(' ')).FirstOrDefault(words => words.Length == 2 && words[0] == name)?[1].Trim()
        ?? throw new LabException($"The prover printed no {name}: {output}");
}
