using System.Security.Cryptography;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Copies;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Secondary.Vhd;
using SnapshotWorkflows.Tests.Secondary;
using SnapshotWorkflows.Tests.Unit.Secondary;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>A backup read back by whoever restores it: whole or in part, raw or as a VHD, of either format, from the store alone.</summary>
public sealed class CopyDiskTests
{
    private const string Uuid = "0a1b2c3d-0000-4000-8000-00000000000a";

    public static TheoryData<string, bool> Formats => new() { { "vhd", false }, { "chunks", false }, { "chunks", true } };

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task The_whole_disk_comes_out_raw_and_as_a_vhd_whatever_holds_it(string format, bool encrypted)
    {
        foreach (var disk in new[] { Disk(70, 1, 512 * 3), new byte[5 << 20], Disk(32, 2) })
        {
            var (destination, manifest, _) = await CopyAsync(format, encrypted, disk);
            await using var copy = await CopyDisk.OpenAsync(destination, manifest, TimeProvider.System, None);
            await using (var raw = copy.OpenRaw())
                Assert.Equal(disk, await AllAsync(raw));
            await using var vhd = copy.OpenVhd(Disks.Id);
            var bytes = await AllAsync(vhd);
            Assert.True((await VhdCheck.RunAsync(new MemorySource(bytes), Disks.Noon, None)).Sound);
            Assert.Equal(disk, await Disks.ReadAll(await VhdReader.OpenAsync(new MemorySource(bytes), None)));
            Assert.Equal(!disk.AsSpan().ContainsAnyExcept((byte)0), bytes.Length < 4096);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_file_and_a_range_of_it_come_from_the_store_and_the_uuid_alone(string format, bool encrypted)
    {
        using var folder = new TempFolder();
        var disk = Disk(70, 3, 512);
        var (destination, _, _) = await CopyAsync(format, encrypted, disk);
        var manifest = await CopyManifests.FindAsync(destination.Store, Uuid, None);
        var whole = Path.Combine(folder.Path, "whole");
        Assert.Equal(manifest.Root, (await CopyRestore.ToFileAsync(destination, manifest, whole, TimeProvider.System, null, None)).Root.Hex);
        Assert.Equal(disk, await File.ReadAllBytesAsync(whole));
        foreach (var (offset, length) in new[] { (0, 1), (65_000, 3_000_000), (disk.Length - 700, 700), (2 << 20, 2 << 20), (1, disk.Length - 1) })
        {
            var part = Path.Combine(folder.Path, $"part-{offset}-{length}");
            await CopyRestore.RangeToFileAsync(destination, manifest, new DiskExtent(offset, length), part, TimeProvider.System, null, None);
            var written = await File.ReadAllBytesAsync(part);
            Assert.True(disk.AsSpan(offset, length).SequenceEqual(written));
        }
        foreach (var range in new[] { new DiskExtent(-1, 5), new DiskExtent(0, 0), new DiskExtent(disk.Length - 1, 2), new DiskExtent(long.MaxValue, 1) })
            Assert.Equal("restore.range", (await Assert.ThrowsAsync<DiskContentException>(() => CopyRestore.RangeToFileAsync(destination, manifest, range, whole + "x", TimeProvider.System, null, None))).Code);
        Assert.Equal(StoreCodes.Exists, (await Assert.ThrowsAsync<SecondaryStoreException>(() => CopyRestore.ToFileAsync(destination, manifest, whole, TimeProvider.System, null, None))).Code);
        Assert.Equal(StoreCodes.Exists, (await Assert.ThrowsAsync<SecondaryStoreException>(() => CopyRestore.RangeToFileAsync(destination, manifest, new DiskExtent(0, 9), whole, TimeProvider.System, null, None))).Code);
        Assert.Equal("manifest.missing", (await Assert.ThrowsAsync<ManifestException>(() => CopyManifests.FindAsync(destination.Store, Uuid.Replace('a', 'b'), None))).Code);
        Assert.DoesNotContain(Directory.GetFiles(folder.Path), path => path.EndsWith(".partial", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_damaged_copy_never_comes_to_its_end(string format, bool encrypted)
    {
        using var folder = new TempFolder();
        var disk = Disk(70, 4);
        var (destination, manifest, store) = await CopyAsync(format, encrypted, disk);
        // Data, not structure: the middle of the VHD's second block, or of a pack.
        var name = format == "vhd" ? manifest.Location : store.Names("swf/chunks/packs/").First();
        byte[] bytes = [.. store.Objects[name]];
        bytes[bytes.Length / 2] ^= 0x10;
        store.Replace(name, bytes);
        await using (var copy = await CopyDisk.OpenAsync(destination, manifest, TimeProvider.System, None))
        {
            foreach (var asVhd in new[] { false, true })
            {
                await using var stream = asVhd ? copy.OpenVhd(Disks.Id) : copy.OpenRaw();
                await Assert.ThrowsAnyAsync<SecondaryException>(() => AllAsync(stream));
                Assert.True(stream.Position < stream.Length);
            }
        }
        var target = Path.Combine(folder.Path, "restored");
        await Assert.ThrowsAnyAsync<SecondaryException>(() => CopyRestore.ToFileAsync(destination, manifest, target, TimeProvider.System, null, None));
        await Assert.ThrowsAnyAsync<SecondaryException>(() => CopyRestore.RangeToFileAsync(destination, manifest, new DiskExtent(0, disk.Length), target, TimeProvider.System, null, None));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task Keys_come_from_the_settings_and_wrong_ones_are_told_without_being_told()
    {
        var disk = Disk(20, 5);
        var (destination, manifest, store) = await CopyAsync("chunks", true, disk);
        Assert.True(destination.Encrypts);
        var wrong = Convert.ToBase64String(SHA256.HashData("wrong"u8));
        foreach (var (chunks, code) in new (ChunkDestinationOptions?, string)[] { (null, ChunkCodes.Key), (new ChunkDestinationOptions { Keys = { ["k1"] = wrong } }, ChunkCodes.Key), (new ChunkDestinationOptions { Keys = { ["k9"] = wrong } }, ChunkCodes.Key) })
        {
            var failure = await Assert.ThrowsAsync<ChunkException>(() => CopyDisk.OpenAsync(Destination(store, chunks), manifest, TimeProvider.System, None));
            Assert.Equal(code, failure.Code);
            Assert.DoesNotContain(wrong, failure.ToString());
        }

        // A rotation: the new key is current, the old one opens what it wrote; later the old one is not needed.
        var rotated = Destination(store, new ChunkDestinationOptions { Key = "k2", Keys = { ["k1"] = Base64("one"), ["k2"] = Base64("two") } });
        await using (var opened = await CopyDisk.OpenAsync(rotated, manifest, TimeProvider.System, None))
            Assert.Equal(disk, await Disks.ReadAll(opened));
        var onlyNew = Destination(store, new ChunkDestinationOptions { Keys = { ["k2"] = Base64("two") } });
        await using (var opened = await CopyDisk.OpenAsync(onlyNew, manifest, TimeProvider.System, None))
            Assert.Equal(disk, await Disks.ReadAll(opened));
    }

    [Fact]
    public void Nonsense_keys_in_the_settings_are_refused_at_the_start_and_not_shown()
    {
        var secret = Convert.ToBase64String(new byte[31]);
        foreach (var (chunks, part) in new[]
        {
            (new ChunkDestinationOptions { Key = "k1" }, "no Chunks:Keys"), (new ChunkDestinationOptions { Keys = { ["k1"] = secret } }, "32 bytes"), (new ChunkDestinationOptions { Keys = { ["k1"] = "!!" } }, "base64"),
            (new ChunkDestinationOptions { Key = "k3", Keys = { ["k1"] = Base64("one") } }, "k3"), (new ChunkDestinationOptions { Keys = { ["k1"] = Base64("one"), ["k2"] = Base64("two") } }, "must name"),
            (new ChunkDestinationOptions { Keys = { ["bad id"] = Base64("one") } }, "plain name"),
        })
        {
            var options = new SecondaryOptions { Destinations = { new SecondaryDestinationOptions { Name = "a", Path = "/mnt/a", Server = "s", Export = "/a", Chunks = chunks } } };
            var failure = Assert.Throws<SecondaryStoreException>(() => new SecondaryDestinations(options));
            Assert.Contains(part, failure.Message);
            Assert.DoesNotContain(secret, failure.Message);
            Assert.DoesNotContain(Base64("one"), failure.Message);
        }
    }

    private static string Base64(string text) => Convert.ToBase64String(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(text)));

    private static SecondaryDestination Destination(ISecondaryStore store, ChunkDestinationOptions? chunks) => new(new SecondaryDestinationOptions { Name = "nfs", Chunks = chunks }, store);

    private static async Task<(SecondaryDestination Destination, SnapshotManifest Manifest, MemoryStore Store)> CopyAsync(string format, bool encrypted, byte[] disk)
    {
        var store = new MemoryStore();
        var destination = Destination(store, encrypted ? new ChunkDestinationOptions { Keys = { ["k1"] = Base64("one") } } : null);
        var address = new SnapshotAddress("z", "c1c2c3c4-0000-4000-8000-00000000000c", Uuid);
        var location = SnapshotLocations.DataFile(address, Uuid);
        if (format == "vhd")
            await store.PutAsync(location, await Disks.VhdOf(disk), None);
        else
        {
            var repository = await destination.OpenOrCreateRepositoryAsync(TimeProvider.System, None);
            location = repository.LocationOf(await repository.WriteAsync(Request(Uuid, address.VolumeUuid), new MemorySource(disk), null, None));
        }
        var manifest = new SnapshotManifest
        {
            FormatVersion = 1, SnapshotId = Uuid, Installation = "test", RequestKey = "test", CreatedAt = Disks.Noon, Zone = address.Zone,
            Volume = new ManifestVolume { CloudStackId = address.VolumeUuid, ArrayClusterUuid = "a", VolumeId = 1, Iqn = "iqn.test", VirtualSizeBytes = disk.Length },
            Format = format, Location = location, DataBytes = (await store.FindAsync(location, None))!.Length, DiskBytes = disk.Length, Root = await RootAsync(disk), RootAlgorithm = DiskRoot.Algorithm,
            Consistency = new ManifestConsistency { Kind = ConsistencyKind.Crash, Quiesce = QuiesceMode.None },
            Verified = new ManifestVerification { Level = VerificationLevel.Full, At = Disks.Noon, By = "test" },
            Copy = new ManifestCopy { Method = CopyMethod.Stream, StartedAt = Disks.Noon, EndedAt = Disks.Noon, Strategy = ResignStrategy.Dedicated, Pool = "p", Host = "h" },
        };
        await new ManifestStore(store).PublishAsync(manifest, None);
        return (destination, manifest, store);
    }

    // By odd pieces, as a network takes them.
    private static async Task<byte[]> AllAsync(Stream stream)
    {
        var all = new MemoryStream();
        var buffer = new byte[300_001];
        while (await stream.ReadAsync(buffer, None) is var read and > 0)
            all.Write(buffer, 0, read);
        Assert.Equal(stream.Length, all.Length);
        return all.ToArray();
    }
}
