using System.Security.Cryptography;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Keys;
using SnapshotWorkflows.Tests.Support.Time;
using SnapshotWorkflows.Tests.Unit.Secondary;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>
/// Backups, deletions and collections at once, in worlds so small that the interleavings of their calls to the store can be tried one by one, with a death at each. The code is the real one, on one thread.
/// After each the world must hold: every snapshot restores bit by bit, nobody was told of a snapshot that is not there, and after a collection nothing is left that nothing reaches.
/// </summary>
public sealed class ProtocolTests(ITestOutputHelper output)
{
    // The whole of it takes an hour: by hand, before the protocol is changed.
    private static readonly bool s_exhaustive = Environment.GetEnvironmentVariable("SWF_EXHAUSTIVE") == "1";

    private static readonly byte[] s_one = Leaves('a', 'b');
    private static readonly byte[] s_two = Leaves('a', 'c');

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_backup_builds_on_a_snapshot_that_is_deleted_and_collected_meanwhile(int deaths)
    {
        var world = await ExploreAsync(ProtocolFlaws.None, deaths, 2 - deaths, WriteTwo, DeleteAndCollect);
        Assert.Empty(world.Faults);
    }

    [Theory]
    [InlineData(ProtocolFlaws.NoFence)]
    [InlineData(ProtocolFlaws.NoSecondLook)]
    [InlineData(ProtocolFlaws.CondemnsWork | ProtocolFlaws.NoFence)]
    internal async Task A_collector_with_a_flaw_is_caught(ProtocolFlaws flaw)
    {
        var world = await ExploreAsync(flaw, 0, 2, WriteTwo, DeleteAndCollect);
        Assert.NotEmpty(world.Faults);
    }

    /// <summary>The same in an encrypted repository: ids are not hashes there, manifests bear an HMAC, and every text of the protocol is met with a key.</summary>
    [Fact]
    public async Task A_backup_builds_on_a_snapshot_that_is_deleted_and_collected_meanwhile_in_an_encrypted_repository()
    {
        var world = await ExploreAsync(ProtocolFlaws.None, 0, 1, shared: false, Keys(), WriteTwo, DeleteAndCollect);
        Assert.Empty(world.Faults);
        Assert.NotEmpty((await ExploreAsync(ProtocolFlaws.NoFence, 0, 2, shared: false, Keys(), WriteTwo, DeleteAndCollect)).Faults);
    }

    [Fact]
    public async Task Two_collectors_and_a_backup()
    {
        var world = await ExploreAsync(ProtocolFlaws.None, 0, 1, WriteTwo, Collect, Collect);
        Assert.Empty(world.Faults);
    }

    [Fact]
    public async Task Two_processes_make_one_snapshot_of_one_session()
    {
        var world = await ExploreAsync(ProtocolFlaws.None, 1, 1, WriteTwo, WriteTwo);
        Assert.Empty(world.Faults);
    }

    [Fact]
    public async Task A_deletion_is_undone_or_purged_and_whoever_was_first_is_told_the_truth()
    {
        var world = await ExploreAsync(ProtocolFlaws.None, 1, 1, DeleteAndCollect, Undelete);
        Assert.Empty(world.Faults);
    }

    [Fact]
    public async Task A_backup_that_is_closed_meanwhile_never_becomes_a_snapshot()
    {
        var world = await ExploreAsync(ProtocolFlaws.None, 1, 1, WriteTwo, Undo);
        Assert.Empty(world.Faults);
        Assert.NotEmpty((await ExploreAsync(ProtocolFlaws.IgnoresClosing, 0, 1, WriteTwo, Undo)).Faults);
    }

    [Fact]
    public async Task A_backup_is_taken_back_while_its_snapshot_is_deleted_and_collected_and_another_shares_its_leaves()
    {
        var world = await ExploreAsync(ProtocolFlaws.None, 1, 1, shared: true, null, (_, repository) => repository.UndoAsync("s1", None), DeleteAndCollect);
        Assert.Empty(world.Faults);
    }

    /// <summary>One collector cannot read a part of a collection that others can: it gives the collection up, and what they go on with harms nobody who comes after.</summary>
    [Theory]
    [InlineData("/condemned", 1)]
    [InlineData("/fence", 0)]
    [InlineData("/doomed", 0)]
    public async Task A_collector_that_cannot_read_a_part_of_a_collection_beside_one_that_can_and_a_backup(string part, int switches)
    {
        var world = await ExploreAsync(ProtocolFlaws.None, 0, switches, shared: false, null, new Actors(Beside(DeleteAndCollect)) { { Beside(Collect), part }, WriteTwo });
        Assert.Empty(world.Faults);
    }

    [Fact]
    public async Task A_backup_that_cannot_read_what_is_condemned_beside_a_collector()
    {
        var world = await ExploreAsync(ProtocolFlaws.None, 0, 1, shared: false, null, new Actors(DeleteAndCollect) { { WriteTwo, "/condemned" } });
        Assert.Empty(world.Faults);
    }

    [Fact]
    public async Task Nothing_new_refers_to_what_a_collection_under_way_has_condemned()
    {
        var store = new MemoryStore();
        var repository = await OpenAsync(store, Inline);
        await repository.BackUpAsync("s1", s_one);
        var old = store.Names("swf/chunks/packs/").ToList();
        var text = new CollectionText { Collection = "000000000001-0123456789abcdef", Packs = [.. old.Select(p => p["swf/chunks/packs/".Length..])] };
        await store.PutAsync("swf/chunks/collections/000000000001-0123456789abcdef/condemned", ChunkTexts.Write("condemned", text, ChunkJson.Default.CollectionText), None);

        var two = await repository.BackUpAsync("s2", s_one);
        var other = await repository.BackUpAsync("s3", s_one, "disk-b");

        Assert.Equal((2, 0), (two.NewLeaves, other.NewLeaves));
        foreach (var pack in old)
            store.Remove(pack);
        Assert.Equal(s_one, await repository.ReadAsync("s2"));
        Assert.Equal(s_one, await repository.ReadAsync("s3"));
    }

    private Task<Interleavings> ExploreAsync(ProtocolFlaws flaws, int deaths, int switches, params Func<Told, ChunkRepository, Task>[] actors) =>
        ExploreAsync(flaws, deaths, switches, shared: false, null, actors);

    private Task<Interleavings> ExploreAsync(ProtocolFlaws flaws, int deaths, int switches, bool shared, ChunkKeyRing? keys, params Func<Told, ChunkRepository, Task>[] actors) =>
        ExploreAsync(flaws, deaths, switches, shared, keys, new Actors(actors));

    /// <param name="shared">A second snapshot is there from the start, which shares a leaf with the first.</param>
    /// <param name="keys">The repository is encrypted.</param>
    private async Task<Interleavings> ExploreAsync(ProtocolFlaws flaws, int deaths, int switches, bool shared, ChunkKeyRing? keys, Actors actors)
    {
        // Of the world that is run now: actors begin anew with each, the first of them clears what the last world was told.
        var told = new Told();
        var world = new Interleavings(
            async store =>
            {
                await (await OpenWorldAsync(store, Options(flaws, 9), keys)).BackUpAsync("s1", s_one);
                if (shared)
                    await (await OpenWorldAsync(store, Options(flaws, 8), keys)).BackUpAsync("s2", s_two);
            },
            [.. actors.Select((actor, number) => (Func<MemoryStore, Task>)(async store =>
            {
                if (number == 0)
                    told.Clear();
                var blind = new BadSectors(store) { IsBad = (name, _, _) => actor.Blind is { } part && name.EndsWith(part, StringComparison.Ordinal) };
                var repository = await OpenWorldAsync(actor.Blind is null ? store : blind, Options(flaws, number), keys);
                await told.TellAsync(() => actor.Act(told, repository));
            }))],
            store => CheckAsync(store, told, keys),
            deaths,
            s_exhaustive ? int.MaxValue : switches);
        await world.RunAsync();
        output.WriteLine($"{world.Worlds} worlds, {world.Ends} ends, {world.Faults.Count} faults");
        foreach (var fault in world.Faults)
            output.WriteLine(fault);
        return world;
    }

    private static Task<ChunkRepository> OpenWorldAsync(ISecondaryStore store, ChunkOptions options, ChunkKeyRing? keys) =>
        ChunkRepository.OpenOrCreateAsync(store, options, keys, new ManualTimeProvider(), None);

    // Salts and names are the same each time a world is run again, and differ between actors.
    private static ChunkOptions Options(ProtocolFlaws flaws, int actor)
    {
        var count = 0;
        return Inline with { PackBytes = 64 * 1024, Flaws = flaws, RandomBytes = length => SHA256.HashData([(byte)actor, (byte)count++])[..length] };
    }

    private static async Task WriteTwo(Told told, ChunkRepository repository)
    {
        await repository.BackUpAsync("s2", s_two);
        told.Written = true;
    }

    private static async Task DeleteAndCollect(Told told, ChunkRepository repository)
    {
        await repository.DeleteAsync("s1", None);
        await Collect(told, repository);
    }

    // Of two that collect a deletion at once the slower one may come to look for an index that the other has taken: it says so, has deleted nothing, and the next run goes on.
    private static Func<Told, ChunkRepository, Task> Beside(Func<Told, ChunkRepository, Task> collect) => async (told, repository) =>
    {
        try
        {
            await collect(told, repository);
        }
        catch (ChunkException e) when (e.Code == ChunkCodes.Missing)
        {
        }
    };

    private static Task Collect(Told told, ChunkRepository repository) => repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 0 }, None);

    private static async Task Undelete(Told told, ChunkRepository repository)
    {
        try
        {
            await repository.UndeleteAsync("s1", None);
            told.Undeleted = true;
        }
        catch (ChunkException e) when (e.Code is ChunkCodes.Purged or ChunkCodes.NoSnapshot)
        {
            told.Purged = true;
        }
    }

    private static Task Undo(Told told, ChunkRepository repository) => repository.UndoAsync("s2", None);

    private static async Task<string?> CheckAsync(MemoryStore store, Told told, ChunkKeyRing? keys)
    {
        var repository = await OpenWorldAsync(store, Inline, keys);
        if (told.Failure is { } failure)
            return $"an actor failed: {failure}";
        string? before = null;
        foreach (var round in new[] { "as it was left", "after a collection" })
        {
            var listed = await repository.ListAsync(evenDeleted: false, None);
            if (listed.GroupBy(s => s.Snapshot).Any(g => g.Count() > 1))
                return $"{round}: two snapshots of one id";
            if (before is null && told.Written && listed.All(s => s.Snapshot != "s2") && !store.Names("swf/chunks/tombstones/s2.").Any())
                return "a snapshot that was told of is neither there nor was it deleted";
            if (before is not null && before != string.Join(' ', listed.Select(s => s.Snapshot)))
                return $"{round}: of '{before}' only '{string.Join(' ', listed.Select(s => s.Snapshot))}' is left";
            before = string.Join(' ', listed.Select(s => s.Snapshot));
            foreach (var snapshot in listed)
            {
                try
                {
                    if (!(await repository.ReadAsync(snapshot.Snapshot)).AsSpan().SequenceEqual(snapshot.Snapshot == "s1" ? s_one : s_two))
                        return $"{round}: {snapshot.Snapshot} has other bytes";
                }
                catch (ChunkException e)
                {
                    return $"{round}: {snapshot.Snapshot}: {e.Message}";
                }
            }
            for (var i = 0; i < 3; i++)
                await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 0, IsDead = _ => true }, None);
        }
        var report = await repository.VerifyAsync(new ChunkVerifyRequest(), null, None);
        if (!report.Sound)
            return $"verify: {report.Findings[0]}";
        var left = store.Names("swf/chunks/packs/").Concat(store.Names("swf/chunks/indexes/")).Count();
        var kept = await repository.ListAsync(evenDeleted: true, None);
        var needed = kept.SelectMany(s => s.Layers).SelectMany(l => l.Objects).Distinct().Count() + report.Packs;
        if (left != needed)
            return $"{left} objects are left, {needed} are needed";
        var texts = store.Names("swf/chunks/sessions/").Count(n => n.EndsWith("/begin", StringComparison.Ordinal));
        return texts == kept.Count ? null : $"{texts} sessions are left of {kept.Count} snapshots";
    }

    // Whole leaves of one letter: small when compressed, so that a world is quickly hashed.
    private static byte[] Leaves(params char[] letters) => [.. letters.SelectMany(letter => Enumerable.Repeat((byte)letter, Leaf))];

    /// <param name="Blind">End of the names of objects that this actor cannot read, though they are there.</param>
    private sealed record Actor(Func<Told, ChunkRepository, Task> Act, string? Blind);

    private sealed class Actors : List<Actor>
    {
        public Actors(params Func<Told, ChunkRepository, Task>[] seeing) => AddRange(seeing.Select(act => new Actor(act, null)));

        public void Add(Func<Told, ChunkRepository, Task> act, string? blind = null) => Add(new Actor(act, blind));
    }

    /// <summary>What the actors of the world under way were told. A world is run from its beginning each time, so each run starts with it empty.</summary>
    private sealed class Told
    {
        public bool Written { get; set; }

        public bool Undeleted { get; set; }

        public bool Purged { get; set; }

        public Exception? Failure { get; private set; }

        public void Clear() => (Written, Undeleted, Purged, Failure) = (false, false, false, null);

        public async Task TellAsync(Func<Task> body)
        {
            try
            {
                await body();
            }
            catch (ChunkException e) when (e.Code == ChunkCodes.SessionClosed)
            {
                // The truth, told in time.
            }
            catch (SecondaryException e)
            {
                Failure = e;
                throw;
            }
        }
    }
}
