using SnapshotWorkflows.Simulators.Fabric;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Fabric;

public sealed class SparseVolumeStoreTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("store-");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(4, false)]
    public void Random_writes_snapshots_clones_and_deletions_agree_with_a_plain_model(int seed, bool memory)
    {
        const int size = 1_000_003; // deliberately no multiple of the block size
        using var store = memory ? SparseVolumeStore.InMemory(4096) : SparseVolumeStore.InDirectory(folder.FullName, 4096);
        var random = new Random(seed);
        var devices = new List<(SparseVolume Device, byte[] Model)> { (store.Create(size), new byte[size]) };
        for (var step = 0; step < 3000; step++)
        {
            var at = random.Next(devices.Count);
            var (device, model) = devices[at];
            switch (random.Next(12))
            {
                case 0 when devices.Count < 12:
                    devices.Add((device.Snapshot(), (byte[])model.Clone()));
                    break;
                case 1 when devices.Count < 12:
                    var length = random.Next(3) == 0 ? random.Next(1, size * 2) : model.Length;
                    var copy = new byte[length];
                    model.AsSpan(0, Math.Min(length, model.Length)).CopyTo(copy);
                    devices.Add((device.Clone(length), copy));
                    break;
                case 2 when devices.Count > 1:
                    device.Dispose();
                    devices.RemoveAt(at);
                    break;
                case 3 when !device.IsReadOnly && model.Length < size * 2:
                    var longer = model.Length + random.Next(20_000);
                    Array.Resize(ref model, longer);
                    device.Grow(longer);
                    devices[at] = (device, model);
                    break;
                case < 8 when !device.IsReadOnly:
                    var offset = random.Next(model.Length);
                    var piece = new byte[Math.Min(random.Next(1, 30_000), model.Length - offset)];
                    if (random.Next(4) != 0)
                    {
                        random.NextBytes(piece);
                    }

                    device.Write(offset, piece);
                    piece.CopyTo(model, offset);
                    break;
                default:
                    var from = random.Next(model.Length);
                    var read = new byte[Math.Min(random.Next(1, 50_000), model.Length - from)];
                    random.NextBytes(read);
                    device.Read(from, read);
                    Assert.True(model.AsSpan(from, read.Length).SequenceEqual(read), $"step {step}: read at {from}");
                    break;
            }
        }

        foreach (var (device, model) in devices)
        {
            var all = new byte[model.Length];
            device.Read(0, all);
            Assert.True(model.AsSpan().SequenceEqual(all));
            var outside = (byte[])model.Clone();
            var end = 0L;
            foreach (var (offset, length) in device.AllocatedExtents())
            {
                Assert.True(offset >= end && length > 0);
                end = offset + length;
                outside.AsSpan((int)offset, (int)length).Clear();
            }

            Assert.True(end <= model.Length);
            Assert.False(outside.AsSpan().ContainsAnyExcept((byte)0), "bytes outside the allocated extents are not zero");
            device.Dispose();
        }

        Assert.Equal(0, store.AllocatedBlocks);
    }

    [Fact]
    public void A_snapshot_costs_no_block_and_a_small_write_after_it_costs_one()
    {
        using var store = SparseVolumeStore.InMemory();
        var volume = store.Create(1L << 40);
        var megabyte = new byte[1 << 20];
        new Random(5).NextBytes(megabyte);
        volume.Write(1L << 39, megabyte);
        Assert.Equal(16, store.AllocatedBlocks);
        var snapshot = volume.Snapshot();
        var clone = snapshot.Clone();
        Assert.Equal(16, store.AllocatedBlocks);
        volume.Write((1L << 39) + 5, [1, 2, 3]);
        Assert.Equal(17, store.AllocatedBlocks);
        var now = new byte[1 << 20];
        clone.Read(1L << 39, now);
        Assert.Equal(megabyte, now);
    }

    [Fact]
    public void A_snapshot_holds_each_concurrent_write_wholly_or_not_at_all()
    {
        using var store = SparseVolumeStore.InMemory();
        var volume = store.Create(1 << 20);
        var stop = false;
        var writer = new Thread(() =>
        {
            var content = new byte[300_000];
            for (byte mark = 1; !Volatile.Read(ref stop); mark = (byte)(mark == 255 ? 1 : mark + 1))
            {
                Array.Fill(content, mark);
                volume.Write(40_000, content);
            }
        });
        writer.Start();
        var seen = new byte[300_000];
        for (var i = 0; i < 300; i++)
        {
            using var snapshot = volume.Snapshot();
            snapshot.Read(40_000, seen);
            Assert.False(seen.AsSpan().ContainsAnyExcept(seen[0]), "a snapshot caught half a write");
        }

        Volatile.Write(ref stop, true);
        writer.Join();
    }

    [Fact]
    public void A_materialized_snapshot_is_the_content_of_its_instant()
    {
        using var store = SparseVolumeStore.InDirectory(folder.FullName);
        var volume = store.Create(10_000_000);
        volume.Write(5_000_000, [1, 2, 3, 4]);
        var snapshot = volume.Snapshot();
        volume.Write(5_000_000, [9, 9, 9, 9]);
        var path = Path.Combine(folder.FullName, "lun.raw");
        var (bytes, allocated) = snapshot.Materialize(path);
        Assert.Equal(10_000_000, bytes);
        Assert.Equal(SparseVolumeStore.DefaultBlockSize, allocated);
        var content = File.ReadAllBytes(path);
        Assert.Equal(10_000_000, content.Length);
        Assert.Equal([1, 2, 3, 4], content[5_000_000..5_000_004]);
    }

    [Fact]
    public void A_snapshot_refuses_writes()
    {
        using var store = SparseVolumeStore.InMemory();
        var snapshot = store.Create(4096).Snapshot();
        Assert.Throws<InvalidOperationException>(() => snapshot.Write(0, [1]));
    }

    [Fact]
    public void Access_beyond_the_end_is_refused()
    {
        using var store = SparseVolumeStore.InMemory();
        var volume = store.Create(4096);
        Assert.Throws<ArgumentOutOfRangeException>(() => volume.Write(4090, new byte[7]));
        Assert.Throws<ArgumentOutOfRangeException>(() => volume.Read(-1, new byte[1]));
    }
}
