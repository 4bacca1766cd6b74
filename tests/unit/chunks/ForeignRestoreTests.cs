using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using SnapshotWorkflows.Tests.Secondary;
using SnapshotWorkflows.Tests.Unit.Secondary;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>A reader in another language, written from the format's description, restores from a plain copy of the store.</summary>
public sealed class ForeignRestoreTests
{
    [Theory]
    [InlineData(false, Leaf)]
    [InlineData(true, Leaf)]
    [InlineData(false, 4 * Leaf)]
    [InlineData(true, 4 * Leaf)]
    public async Task Python_restores_what_we_stored(bool encrypted, int leafBytes)
    {
        using var folder = new TempFolder();
        var repository = await OpenAsync(Disks.Store(folder), Inline with { IndexRecordsMax = 40 }, encrypted ? Keys() : null);
        var disk = Disk(200, 1, 4_567);
        await repository.WriteAsync(Request("s1") with { LeafBytes = leafBytes }, new SnapshotWorkflows.Secondary.MemorySource(disk), null, None);
        disk = Changed(disk, 2, 4);
        var two = await repository.WriteAsync(Request("s2") with { LeafBytes = leafBytes }, new SnapshotWorkflows.Secondary.MemorySource(disk), null, None);
        var target = Path.Combine(folder.Path, "restored.img");

        var output = await RunAsync([Path.Combine(folder.Path, "swf/chunks"), "s2", target, .. encrypted ? new[] { "k1", Convert.ToHexStringLower(SHA256.HashData("one"u8)) } : []]);

        Assert.Equal(two.Root, output.Trim());
        Assert.Equal(disk, await File.ReadAllBytesAsync(target));
    }

    private static async Task<string> RunAsync(string[] arguments, [CallerFilePath] string here = "")
    {
        using var process = Process.Start(new ProcessStartInfo("python3", [Path.Combine(Path.GetDirectoryName(here)!, "../../../lab/prover/chunks.py"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
        return await output;
    }
}
