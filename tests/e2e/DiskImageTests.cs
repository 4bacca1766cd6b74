using System.Security.Cryptography;
using SnapshotWorkflows.Lab;
using SnapshotWorkflows.Lab.Image;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>The image maker and the prover share no code: each is a check of the other.</summary>
public sealed class DiskImageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lab-image-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_prover_finds_every_file_with_its_content_and_sees_one_changed_byte()
    {
        var path = Path.Combine(_folder, "disk.img");
        var image = await DiskImage.EnsureAsync(path, TestRun.DiskBytes, seed: 5, Cancellation);

        Assert.Equal(image.Files.Count, await Proof.CompareFilesAsync(path, path + ".json", Cancellation));

        var file = image.Files.First(file => file.Path == "COPIES/SAME1.BIN");
        using (var disk = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite))
        {
            var at = new byte[1];
            RandomAccess.Read(disk, at, file.Offset + 1000);
            at[0] ^= 0x10;
            RandomAccess.Write(disk, at, file.Offset + 1000);
        }

        var error = await Assert.ThrowsAsync<LabException>(() => Proof.CompareFilesAsync(path, path + ".json", Cancellation));
        Assert.Contains("COPIES/SAME1.BIN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_disk_and_another_seed_another()
    {
        var hashes = new List<string>();
        foreach (var (name, seed) in new[] { ("a", 5), ("b", 5), ("c", 6) })
        {
            var path = Path.Combine(_folder, name);
            await DiskImage.EnsureAsync(path, TestRun.DiskBytes, seed, Cancellation);
            await using var disk = File.OpenRead(path);
            hashes.Add(Convert.ToHexStringLower(await SHA256.HashDataAsync(disk, Cancellation)));
        }

        Assert.Equal(hashes[0], hashes[1]);
        Assert.NotEqual(hashes[0], hashes[2]);
    }
}
