using System.Buffers.Binary;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Secondary.Restore;
using SnapshotWorkflows.Secondary.Verify;
using SnapshotWorkflows.Secondary.Vhd;
using SnapshotWorkflows.Tests.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.Store;

/// <summary>A disk becomes the same VHD on every store, whatever the source and however often it was begun.</summary>
public abstract partial class SecondaryStoreContract
{
    private const int MiB = 1 << 20;
    private static readonly DateTimeOffset s_noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid s_uuid = new("6f1d2c3b-4a59-4e68-9777-865544332211");

    protected static VhdCopyRequest Copy(string location) => new() { Location = location, Session = "copy1", UniqueId = s_uuid, Timestamp = s_noon };

    /// <summary>Data, holes, a block of zeros that is written out, and an end that is no whole leaf.</summary>
    protected static byte[] Disk(int mebibytes, int seed)
    {
        var disk = new byte[(mebibytes * MiB) + 1536];
        new Random(seed).NextBytes(disk);
        disk.AsSpan(3 * MiB, 4 * MiB).Clear();
        disk.AsSpan((mebibytes - 2) * MiB, MiB).Clear();
        return disk;
    }

    private static async Task<byte[]> VhdOfAsync(byte[] disk)
    {
        var target = new MemoryStream();
        await VhdWriter.WriteAsync(new RawDisk(new MemorySource(disk)), target, new VhdWriteOptions { DiskBytes = disk.Length, UniqueId = s_uuid, Timestamp = s_noon }, None);
        return target.ToArray();
    }

    /// <summary>The same VHD as a store has it: each block's data at a multiple of 4 KiB, its bitmap right before.</summary>
    private static byte[] Stored(byte[] vhd)
    {
        const int Page = 4096, Table = 1536, Block = 512 + (2 * MiB);
        var entries = BinaryPrimitives.ReadInt32BigEndian(vhd.AsSpan(512 + 28));
        var (from, to) = (Table + (((entries * 4) + 511) / 512 * 512), Page);
        var blocks = (vhd.Length - from - 512) / Block;
        var stored = new byte[Page + (blocks * (Page + (2 * MiB))) + 512];
        vhd.AsSpan(0, from).CopyTo(stored);
        for (; blocks > 0; blocks--, from += Block, to += Page + (2 * MiB))
        {
            for (var entry = 0; entry < entries; entry++)
            {
                if (BinaryPrimitives.ReadUInt32BigEndian(vhd.AsSpan(Table + (entry * 4))) * 512L == from)
                    BinaryPrimitives.WriteUInt32BigEndian(stored.AsSpan(Table + (entry * 4)), (uint)((to + Page - 512) / 512));
            }
            vhd.AsSpan(from, Block).CopyTo(stored.AsSpan(to + Page - 512));
        }
        vhd.AsSpan(from).CopyTo(stored.AsSpan(to));
        return stored;
    }

    private static async Task<DiskRoot> RootAsync(byte[] disk) => (await DiskHasher.ComputeAsync(new MemoryStream(disk), disk.Length, DiskHashOptions.Default, null, None)).Root;

    [Fact]
    public async Task Every_source_gives_the_same_vhd_byte_for_byte()
    {
        var disk = Disk(21, 1);
        var vhd = await VhdOfAsync(disk);
        var stored = Stored(vhd);
        var root = await RootAsync(disk);
        var receipts = new[]
        {
            await VhdCopy.FromVhdStreamAsync(Store, Copy("vhd/stream.vhd"), new MemoryStream(vhd), null, None),
            await VhdCopy.FromRawStreamAsync(Store, Copy("vhd/raw.vhd"), new MemoryStream(disk), disk.Length, null, None),
            await VhdCopy.FromDiskAsync(Store, Copy("vhd/disk.vhd"), new RawDisk(new MemorySource(disk)), null, None),
        };
        foreach (var (name, receipt) in new[] { "vhd/stream.vhd", "vhd/raw.vhd", "vhd/disk.vhd" }.Zip(receipts))
        {
            Assert.Equal(stored, await Store.ReadAllAsync(name, 64 * MiB, None));
            Assert.Equal(root, receipt.Digest.Root);
            Assert.Equal((stored.Length, PutOutcome.Created, stored.Length, 0), (receipt.DataBytes, receipt.Outcome, receipt.SentBytes, receipt.KeptBytes));
        }
        Assert.Equal(0, await Store.SweepUnfinishedAsync("", DateTimeOffset.MaxValue, None));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task A_disk_of_zeros_and_one_of_whole_parts_are_copied_too(int mebibytes)
    {
        var disk = new byte[mebibytes * MiB];
        if (mebibytes > 1)
            new Random(1).NextBytes(disk);
        var receipt = await VhdCopy.FromRawStreamAsync(Store, Copy("vhd/edge.vhd"), new MemoryStream(disk), disk.Length, null, None);
        Assert.Equal(Stored(await VhdOfAsync(disk)), await Store.ReadAllAsync("vhd/edge.vhd", 64 * MiB, None));
        Assert.Equal(await RootAsync(disk), receipt.Digest.Root);
    }

    [Fact]
    public async Task A_copy_that_broke_off_goes_on_with_what_the_store_holds()
    {
        var disk = Disk(120, 2);
        var vhd = await VhdOfAsync(disk);
        var broken = new BreakingCopy(vhd, 100 * MiB);
        await Assert.ThrowsAsync<TimeoutException>(() => VhdCopy.FromVhdStreamAsync(Store, Copy("vhd/resumed.vhd"), broken, null, None));
        Assert.Null(await Store.FindAsync("vhd/resumed.vhd", None));

        var reports = new List<DiskProgress>();
        var receipt = await VhdCopy.FromVhdStreamAsync(Store, Copy("vhd/resumed.vhd"), new MemoryStream(vhd), new Collected(reports), None);
        Assert.True(receipt.KeptBytes >= 100 * MiB - (64 * MiB), $"only {receipt.KeptBytes} bytes were kept");
        Assert.Equal(Stored(vhd).Length, receipt.SentBytes + receipt.KeptBytes);
        Assert.Equal(new DiskProgress(disk.Length, disk.Length), reports[^1]);
        Assert.Equal(Stored(vhd), await Store.ReadAllAsync("vhd/resumed.vhd", 256 * MiB, None));

        var again = await VhdCopy.FromVhdStreamAsync(Store, Copy("vhd/resumed.vhd"), new MemoryStream(vhd), null, None);
        Assert.Equal((PutOutcome.AlreadyExists, 0L, receipt.Digest.Root), (again.Outcome, again.SentBytes, again.Digest.Root));
        var other = await VhdOfAsync(Disk(20, 3));
        Assert.Equal(StoreCodes.Exists, (await Assert.ThrowsAsync<SecondaryStoreException>(() => VhdCopy.FromVhdStreamAsync(Store, Copy("vhd/resumed.vhd"), new MemoryStream(other), null, None))).Code);
    }

    [Fact]
    public async Task A_cancelled_copy_that_is_discarded_leaves_nothing()
    {
        var disk = Disk(60, 4);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => VhdCopy.FromRawStreamAsync(
            Store, Copy("vhd/cancelled.vhd"), new MemoryStream(disk), disk.Length, new Call(progress => { if (progress.DoneBytes > 20 * MiB) stop.Cancel(); }), stop.Token));
        await Staging.DiscardStagedAsync("vhd/cancelled.vhd", None);
        Assert.Empty(await NamesAsync(""));

        // A part whose request was cut off may reach a service after the discard: the sweep takes it, and then there is none.
        await Store.SweepUnfinishedAsync("", DateTimeOffset.MaxValue, None);
        Assert.Equal(0, await Store.SweepUnfinishedAsync("", DateTimeOffset.MaxValue, None));
        Assert.Empty(await NamesAsync(""));
    }

    [Fact]
    public async Task What_was_copied_is_verified_and_restored_from_the_store()
    {
        var disk = Disk(70, 5);
        var receipt = await VhdCopy.FromRawStreamAsync(Store, Copy("vhd/whole.vhd"), new MemoryStream(disk), disk.Length, null, None);
        var verdict = await new VhdVerification(TimeProvider.System).VerifyAsync(
            Store, new VerificationRequest { Location = "vhd/whole.vhd", ExpectedRoot = receipt.Digest.Root, ExpectedDiskBytes = disk.Length }, null, None);
        Assert.Equal(VerificationVerdict.Match, verdict.Verdict);

        using var target = new TempFolder();
        var restored = await VhdRestore.RestoreToFileAsync(
            Store, Manifest("vhd/whole.vhd", receipt), target.Of("disk"), DiskHashOptions.Default, null, None);
        Assert.Equal(receipt.Digest.Root, restored.Root);
        Assert.Equal(disk, await File.ReadAllBytesAsync(target.Of("disk")));
    }

    private static SnapshotManifest Manifest(string location, VhdCopyReceipt receipt) => new()
    {
        FormatVersion = 1, SnapshotId = "0a1b2c3d-0000-4000-8000-00000000000a", Installation = "test", RequestKey = "k", CreatedAt = s_noon, Zone = "z",
        Volume = new ManifestVolume { CloudStackId = "c1c2c3c4-0000-4000-8000-00000000000c", ArrayClusterUuid = "d", VolumeId = 1, Iqn = "iqn.x", VirtualSizeBytes = receipt.Digest.DiskBytes },
        Format = "vhd", Location = location, DataBytes = receipt.DataBytes, DiskBytes = receipt.Digest.DiskBytes, Root = receipt.Digest.Root.Hex, RootAlgorithm = DiskRoot.Algorithm,
        Consistency = new ManifestConsistency { Kind = ConsistencyKind.Crash, Quiesce = QuiesceMode.None },
        Verified = new ManifestVerification { Level = VerificationLevel.Full, At = s_noon, By = "test" },
        Copy = new ManifestCopy { Method = CopyMethod.Stream, StartedAt = s_noon, EndedAt = s_noon, Strategy = ResignStrategy.Dedicated, Pool = "p", Host = "h" },
    };

    private sealed class Collected(List<DiskProgress> into) : IProgress<DiskProgress>
    {
        public void Report(DiskProgress value) => into.Add(value);
    }

    private sealed class Call(Action<DiskProgress> action) : IProgress<DiskProgress>
    {
        public void Report(DiskProgress value) => action(value);
    }

    /// <summary>Gives the first bytes, then fails as a lost connection does.</summary>
    private sealed class BreakingCopy(byte[] bytes, int breaksAfter) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Position >= breaksAfter
            ? throw new TimeoutException("The source went silent.")
            : base.ReadAsync(buffer, cancellationToken);
    }
}
