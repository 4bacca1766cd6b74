using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>
/// Bits flipped, objects cut short, exchanged and removed, anywhere in a repository: verification finds each, and a restore gives the right bytes or refuses and says where.
/// SWF_FULL=1 takes 1,000 flips, 100 cuts and 100 exchanges.
/// </summary>
public sealed class DamageTests(ITestOutputHelper output)
{
    private static readonly bool s_full = Environment.GetEnvironmentVariable("SWF_FULL") == "1";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_damage_is_found_and_no_wrong_byte_is_returned(bool encrypted)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var (whole, disks) = await RepositoryAsync(encrypted);
        var names = whole.Objects.Keys.ToArray();
        // By length: a bit of a pack is as likely to be hit as one of a manifest's is per byte, and every kind is hit often enough.
        var texts = names.Where(n => !n.Contains("/packs/", StringComparison.Ordinal)).ToArray();
        foreach (var (what, times) in s_full ? [("flip", 1000), ("cut", 100), ("exchange", 100), ("remove", 50)] : new[] { ("flip", 60), ("cut", 15), ("exchange", 15), ("remove", 10) })
        {
            for (var i = 0; i < times; i++)
            {
                var store = whole.Copy();
                var one = i % 2 == 0 ? names[random.Next(names.Length)] : texts[random.Next(texts.Length)];
                var story = $"{what} {one}";
                byte[] bytes = [.. whole.Objects[one]];
                switch (what)
                {
                    case "flip":
                        var at = random.Next(bytes.Length * 8);
                        bytes[at / 8] ^= (byte)(1 << (at % 8));
                        story += $" bit {at}";
                        store.Replace(one, bytes);
                        break;
                    case "cut":
                        store.Replace(one, bytes[..random.Next(bytes.Length)]);
                        break;
                    case "exchange":
                        var other = names.Where(n => n != one).ElementAt(random.Next(names.Length - 1));
                        store.Replace(one, whole.Objects[other]);
                        store.Replace(other, bytes);
                        story += $" {other}";
                        break;
                    default:
                        // Without its end a session is one at work, without its begin it is none: what is gone wholly cannot be told from what never was.
                        if (one.EndsWith("/end", StringComparison.Ordinal) || one.EndsWith("/begin", StringComparison.Ordinal) || one.Contains("tombstones", StringComparison.Ordinal) || one.Contains("collections", StringComparison.Ordinal))
                            continue;
                        store.Remove(one);
                        break;
                }
                await DemandFoundAsync(store, disks, encrypted, story);
            }
        }
    }

    [Fact]
    public async Task A_damaged_leaf_is_named_by_snapshot_and_extent_and_the_rest_can_be_had()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline);
        var disk = Disk(20, 1);
        await repository.BackUpAsync("s1", disk);
        var pack = store.Names("swf/chunks/packs/").First();
        byte[] bytes = [.. store.Objects[pack]];
        bytes[10] ^= 1;
        store.Replace(pack, bytes);

        var found = (await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Findings.Where(f => f.Extent is not null).ToList();
        Assert.All(found, f => Assert.Equal(("s1", ChunkCodes.Damaged), (f.Snapshot, f.Code)));
        var extent = found[0].Extent!.Value;
        await using var opened = await repository.OpenDiskAsync("s1", None);
        var failure = await Assert.ThrowsAsync<ChunkException>(async () => await opened.ReadAsync(extent.Offset, new byte[10], None));
        Assert.Equal(extent.Offset, failure.Extent!.Value.Offset);

        Assert.True((await repository.VerifyAsync(new ChunkVerifyRequest { ContentPercent = 0 }, null, None)).Sound);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_flip_in_the_version_of_one_manifest_is_damage_of_that_one_alone_and_stops_no_backup(bool encrypted)
    {
        var (store, disks) = await RepositoryAsync(encrypted);
        var end = store.Names("swf/chunks/sessions/s1.1/end").Single();
        byte[] bytes = [.. store.Objects[end]];
        Assert.Equal((byte)'1', bytes[11]);
        bytes[11] = (byte)'3';
        store.Replace(end, bytes);
        var repository = await OpenAsync(store, Inline, encrypted ? Keys() : null);
        var report = await repository.VerifyAsync(new ChunkVerifyRequest(), null, None);
        Assert.Equal([end], report.Findings.Select(f => f.Object).Distinct());
        Assert.Equal(2, report.Snapshots);
        Assert.Equal(disks["s2"], await repository.ReadAsync("s2"));
        var next = await repository.BackUpAsync("s4", disks["s2"]);
        Assert.Equal(("s2", 0L), (next.Previous, next.NewLeaves));
    }

    // One object of several in a layer, its tail cut off: what its neighbours tell of is not lost with it, and the extent says so.
    [Theory]
    [InlineData("cut")]
    [InlineData("remove")]
    public async Task An_index_object_that_cannot_be_read_names_the_part_of_the_disk_it_told_of(string how)
    {
        var store = new MemoryStore();
        var options = Inline with { IndexRecordsMax = 8 };
        var repository = await OpenAsync(store, options);
        var disk = Disk(60, 1);
        var snapshot = await repository.BackUpAsync("s1", disk);
        var objects = snapshot.Layers.Single().Objects;
        Assert.InRange(objects.Count, 4, 10);
        var lost = "swf/chunks/indexes/" + objects[2];
        if (how == "cut")
            store.Replace(lost, store.Objects[lost][..^1]);
        else
            store.Remove(lost);
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var failures = new[]
        {
            await Assert.ThrowsAsync<ChunkException>(() => repository.OpenDiskAsync("s1", None)),
            await Assert.ThrowsAsync<ChunkException>(() => repository.RestoreToFileAsync("s1", file, false, null, None)),
        };
        var found = (await repository.VerifyAsync(new ChunkVerifyRequest { Snapshots = ["s1"] }, null, None)).Findings;
        foreach (var extent in failures.Select(f => f.Extent!.Value).Append(found.Single(f => f.Extent is not null).Extent!.Value))
        {
            // A fifth of the leaves are zeros: 8 records tell of about 10.
            Assert.InRange(extent.Offset, 16 * Leaf, 24 * Leaf);
            Assert.InRange(extent.Length, 8 * Leaf, 14 * Leaf);
        }
    }

    [Fact]
    public async Task A_damaged_baseline_makes_a_full_backup_with_its_reason()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline);
        var disk = Disk(20, 1);
        await repository.BackUpAsync("s1", disk);
        var index = store.Names("swf/chunks/indexes/").Single();
        byte[] bytes = [.. store.Objects[index]];
        bytes[3] ^= 4;
        store.Replace(index, bytes);
        var two = await repository.BackUpAsync("s2", disk);
        Assert.Equal("baseline-damaged", two.FullReason);
        Assert.Equal(disk, await repository.ReadAsync("s2"));
        var lost = await repository.WriteAsync(Request("s3") with { Previous = "never-was" }, new MemorySource(disk), null, None);
        Assert.Equal("baseline-lost", lost.FullReason);
        Assert.Equal("asked-for", (await repository.WriteAsync(Request("s4") with { Full = true }, new MemorySource(disk), null, None)).FullReason);
    }

    [Fact]
    public async Task The_wrong_key_no_key_and_a_rotated_key()
    {
        var store = new MemoryStore();
        var disk = Disk(20, 1);
        await (await OpenAsync(store, Inline, Keys())).BackUpAsync("s1", disk);
        Assert.Equal(ChunkCodes.Key, (await Assert.ThrowsAsync<ChunkException>(() => OpenAsync(store, Inline))).Code);
        var wrong = new SnapshotWorkflows.Secondary.Chunks.Keys.ChunkKeyRing("k1", new Dictionary<string, byte[]> { ["k1"] = new byte[32] });
        Assert.Equal(ChunkCodes.Key, (await Assert.ThrowsAsync<ChunkException>(() => OpenAsync(store, Inline, wrong))).Code);

        var rotated = await OpenAsync(store, Inline, Keys("k2"));
        var changed = Changed(disk, 3, 5);
        var two = await rotated.BackUpAsync("s2", changed);
        Assert.Equal("k2", two.KeyId);
        Assert.InRange(two.NewLeaves, 1, 5);
        var onlyNew = new SnapshotWorkflows.Secondary.Chunks.Keys.ChunkKeyRing("k2", new Dictionary<string, byte[]> { ["k2"] = System.Security.Cryptography.SHA256.HashData("two"u8) });
        store.Remove("swf/chunks/keys/k1");
        var repository = await OpenAsync(store, Inline, onlyNew);
        Assert.Equal(disk, await repository.ReadAsync("s1"));
        Assert.Equal(changed, await repository.ReadAsync("s2"));
        Assert.DoesNotContain(store.Objects, o => Contains(o.Value, disk.AsSpan(3 * Leaf, 64)) || Contains(o.Value, System.Security.Cryptography.SHA256.HashData(disk.AsSpan(3 * Leaf, Leaf))));
    }

    private static bool Contains(byte[] bytes, ReadOnlySpan<byte> part) => bytes.AsSpan().IndexOf(part) >= 0;

    private static async Task<(MemoryStore Store, Dictionary<string, byte[]> Disks)> RepositoryAsync(bool encrypted)
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline, encrypted ? Keys() : null);
        var disks = new Dictionary<string, byte[]> { ["s1"] = Disk(40, 1, 999) };
        disks["s2"] = Changed(disks["s1"], 2, 3);
        disks["s3"] = Changed(disks["s2"], 3, 3);
        foreach (var (name, disk) in disks)
            await repository.BackUpAsync(name, disk);
        await repository.DeleteAsync("s1", None);
        await repository.UndeleteAsync("s1", None);
        await repository.DeleteAsync("s3", None);
        await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 5 }, None);
        return (store, disks);
    }

    private static async Task DemandFoundAsync(MemoryStore store, Dictionary<string, byte[]> disks, bool encrypted, string story)
    {
        ChunkRepository repository;
        try
        {
            repository = await ChunkRepository.OpenAsync(store, Inline, encrypted ? Keys() : null, TimeProvider.System, None);
        }
        catch (SecondaryException)
        {
            return;
        }
        Assert.False((await repository.VerifyAsync(new ChunkVerifyRequest(), null, None)).Sound, $"not found: {story}");
        foreach (var (name, disk) in disks)
        {
            try
            {
                Assert.True((await repository.ReadAsync(name)).AsSpan().SequenceEqual(disk), $"wrong bytes of {name}: {story}");
            }
            catch (ChunkException e)
            {
                Assert.True(e.Code is ChunkCodes.NoSnapshot || e.Message.Contains("sessions/", StringComparison.Ordinal) || e.Message.Contains("tombstones/", StringComparison.Ordinal) || e.Extent is not null, $"no extent: {story}: {e.Message}");
            }
        }
    }
}
