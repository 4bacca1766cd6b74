using SnapshotWorkflows.Simulators.Fabric;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Fabric;

/// <summary>Generated pages are kept as seeds, and nobody who reads or writes sees a difference.</summary>
public sealed class FoldedBlocksTests : IDisposable
{
    private const int Block = 64 << 10;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("folded-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_device_over_folded_blocks_holds_what_one_in_memory_holds(int seed)
    {
        using var folded = SparseVolumeStore.FoldedInDirectory(_folder.FullName);
        using var plain = SparseVolumeStore.InMemory();
        var random = new Random(seed);
        var devices = new List<(SparseVolume Folded, SparseVolume Plain)> { (folded.Create(8 * Block), plain.Create(8 * Block)) };
        for (var step = 0; step < 400; step++)
        {
            var (one, other) = devices[random.Next(devices.Count)];
            if (random.Next(20) == 0) devices.Add((one.Clone(), other.Clone()));
            var bytes = Written(random);
            var at = random.Next(3) > 0 ? random.Next((int)((one.Length - bytes.Length) / 4096) + 1) * 4096L : random.NextInt64(one.Length - bytes.Length + 1);
            one.Write(at, bytes);
            other.Write(at, bytes);
        }

        foreach (var (one, other) in devices) Assert.Equal(Content(other), Content(one));
        Assert.Equal(plain.AllocatedBlocks, folded.AllocatedBlocks);
    }

    [Fact]
    public void A_generated_disk_takes_next_to_no_room_and_reads_back_at_any_offset()
    {
        using var store = SparseVolumeStore.FoldedInDirectory(_folder.FullName);
        var image = new GeneratedImage(7, 64 << 20, 16 << 20);
        var device = store.Create(image.DiskBytes);
        var piece = new byte[GeneratedImage.Piece];
        foreach (var offset in image.Offsets())
        {
            image.Fill(offset, piece);
            device.Write(offset, piece);
        }

        var last = image.Offsets().Last();
        image.Fill(last, piece);
        var read = new byte[10_000];
        device.Read(last + 4_095, read);
        Assert.True(piece.AsSpan(4_095, read.Length).SequenceEqual(read));
        Assert.Equal(8, image.Offsets().Count());
        Assert.Equal(0, new FileInfo(Path.Combine(_folder.FullName, "blocks.bin")).Length);
    }

    [Fact]
    public void No_page_of_a_disk_is_in_another_and_one_changed_byte_makes_it_no_page()
    {
        var (one, other) = (new byte[GeneratedImage.Piece], new byte[GeneratedImage.Piece]);
        new GeneratedImage(0, 1 << 30, 2 << 20).Fill(0, one);
        new GeneratedImage(1, 1 << 30, 2 << 20).Fill(0, other);
        var seeds = one.Chunk(4096).Concat(other.Chunk(4096)).Select(page => GeneratedPage.FindSeed(page)).ToList();
        Assert.DoesNotContain(null, seeds);
        Assert.Equal(seeds.Count, seeds.Distinct().Count());
        one[4095] ^= 1;
        Assert.Null(GeneratedPage.FindSeed(one.AsSpan(0, 4096)));
    }

    /// <summary>Pages that were generated, zeros, noise, or a mixture, a page or any other length.</summary>
    private static byte[] Written(Random random)
    {
        var bytes = new byte[random.Next(3) == 0 ? random.Next(1, Block) : random.Next(1, 40) * 4096];
        if (random.Next(4) == 0) random.NextBytes(bytes);
        else for (var at = 0; at + 4096 <= bytes.Length; at += 4096) GeneratedPage.Fill((ulong)random.Next(5), bytes.AsSpan(at, 4096));
        return bytes;
    }

    private static byte[] Content(SparseVolume device)
    {
        var content = new byte[device.Length];
        device.Read(0, content);
        return content;
    }
}
