using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.CatalogSteps;
using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Holds, tombstones and marks of damage beside a manifest: whose they are, and what they count for.</summary>
public sealed class PlacedMarks
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_deletion_takes_back_its_own_tombstone_and_waits_for_anothers()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var one = await life.PostAsync(Cancellation, "another-request");
        Assert.True(await Pumped(life, Entomb(life, taken, one)));

        // The first has not ended: what the second finds may go at any moment.
        Assert.Equal("snapshot.marking", await CodeAsync(life, Entomb(life, taken, "another")));
        Assert.True(await Pumped(life, Entomb(life, taken, one)));
        await File.WriteAllTextAsync(PathOf(world, life, taken, ".hold.json"), "{}", Cancellation);
        Assert.Equal("snapshot.marking", await CodeAsync(life, Entomb(life, taken, "another")));
        Assert.True(File.Exists(PathOf(world, life, taken, ".tombstone.json")));
        Assert.Equal("snapshot.held", await CodeAsync(life, Entomb(life, taken, one)));
        Assert.False(File.Exists(PathOf(world, life, taken, ".tombstone.json")));
    }

    [Fact]
    public async Task Of_a_deletion_that_nobody_knows_any_more_the_tombstone_stays_and_of_one_that_has_ended_it_goes()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var tombstone = PathOf(world, life, taken, ".tombstone.json");
        Assert.True(await Pumped(life, Entomb(life, taken, "gone")));
        var text = await File.ReadAllTextAsync(tombstone, Cancellation);
        await File.WriteAllTextAsync(PathOf(world, life, taken, ".hold.json"), "{}", Cancellation);
        Assert.Equal("snapshot.held", await CodeAsync(life, Entomb(life, taken, "another")));
        Assert.False(File.Exists(tombstone));

        // As an older version wrote it.
        await File.WriteAllTextAsync(tombstone, text.Replace("\"instance\":\"gone\"", "\"other\":1", StringComparison.Ordinal), Cancellation);
        Assert.Equal("snapshot.held", await CodeAsync(life, Entomb(life, taken, "another")));
        Assert.True(File.Exists(tombstone));
    }

    [Fact]
    public async Task A_hold_that_comes_too_late_goes_and_one_that_stood_before_stays()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var hold = PathOf(world, life, taken, ".hold.json");
        await File.WriteAllTextAsync(PathOf(world, life, taken, ".tombstone.json"), "{}", Cancellation);
        Assert.Equal("snapshot.deleting", await CodeAsync(life, Hold(life, taken, "one")));
        Assert.False(File.Exists(hold));
        await File.WriteAllTextAsync(hold, "{}", Cancellation);
        Assert.Equal("snapshot.deleting", await CodeAsync(life, Hold(life, taken, "one")));
        Assert.True(File.Exists(hold));
        File.Delete(PathOf(world, life, taken, ".tombstone.json"));
        Assert.True(await Pumped(life, Hold(life, taken, "two")));
    }

    /// <summary>Were both to give way, a copy that somebody holds would stand unheld, though the hold was accepted.</summary>
    [Fact]
    public async Task A_hold_waits_for_what_becomes_of_a_deletion_that_has_begun()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var (hold, tombstone, manifest) = (PathOf(world, life, taken, ".hold.json"), PathOf(world, life, taken, ".tombstone.json"), PathOf(world, life, taken, ".manifest.json"));
        var deletion = await life.PostAsync(Cancellation, "another-request");
        Assert.True(await Pumped(life, Entomb(life, taken, deletion)));
        Assert.Equal("snapshot.marking", await CodeAsync(life, Hold(life, taken, "hold")));
        Assert.True(File.Exists(hold));

        // It had not looked yet, and gives way.
        Assert.Equal("snapshot.held", await CodeAsync(life, Entomb(life, taken, deletion)));
        Assert.False(File.Exists(tombstone));
        Assert.True(await Pumped(life, Hold(life, taken, "hold")));

        // It had looked before, and goes on.
        File.Delete(hold);
        Assert.True(await Pumped(life, Entomb(life, taken, deletion)));
        Assert.Equal("snapshot.marking", await CodeAsync(life, Hold(life, taken, "hold")));
        File.Delete(manifest);
        Assert.Equal("snapshot.deleting", await CodeAsync(life, Hold(life, taken, "hold")));
        Assert.False(File.Exists(hold));
    }

    /// <summary>Ended by force, or of a hub that was lost, with its tombstone put: nothing would ever come of waiting for it. The next attempt finds the hold.</summary>
    [Fact]
    public async Task A_hold_does_not_wait_for_a_deletion_that_has_ended_on_its_way()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        Assert.True(await Pumped(life, Entomb(life, taken, "dead")));
        Assert.True(await Pumped(life, Hold(life, taken, "hold")));
        Assert.Equal("snapshot.held", StepFault.From((await Deletions.DeleteAsync(life, taken.Key)).FailureDetails!).Code);
        Assert.True(File.Exists(PathOf(world, life, taken, ".manifest.json")));
        Assert.False(File.Exists(PathOf(world, life, taken, ".tombstone.json")));
    }

    /// <summary>It is whole and held: as Destroying it could be neither restored nor released, and no rule would count it.</summary>
    [Fact]
    public async Task A_deletion_that_is_taken_up_again_and_gives_way_leaves_a_backup()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var index = life.Get<SnapshotIndex>();
        Assert.True(await Pumped(life, Entomb(life, taken, "dead")));
        index.Change(taken.Key, row => row with { Status = row.Status with { State = SnapshotState.Destroying } });
        await File.WriteAllTextAsync(PathOf(world, life, taken, ".hold.json"), "{}", Cancellation);
        Assert.Equal("snapshot.held", StepFault.From((await Deletions.DeleteAsync(life, taken.Key)).FailureDetails!).Code);
        Assert.Equal((SnapshotState.BackedUp, "snapshot.held"), (index.Find(taken.Key)!.Status.State, index.Find(taken.Key)!.Notice?.Code));
        Assert.False(File.Exists(PathOf(world, life, taken, ".tombstone.json")));
    }

    /// <summary>A hold that is done ends what kept the one before from being done; of a damaged copy the damage stays told.</summary>
    [Fact]
    public async Task Why_a_hold_was_refused_is_told_until_one_is_done_and_never_in_place_of_a_damage()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var index = life.Get<SnapshotIndex>();
        var mark = new MarkSnapshot(index, life.Get<SecondaryDestinations>(), NullLogger<MarkSnapshot>.Instance, new NoExecution());
        var refused = new MarkSnapshotInput(taken.Key) { Notice = new StepNotice("store.unavailable", "m", "r", "HoldSnapshot") };
        await mark.RunAsync(null!, refused);
        Assert.Equal("store.unavailable", index.Find(taken.Key)!.Notice?.Code);
        await mark.RunAsync(null!, new MarkSnapshotInput(taken.Key) { Held = true });
        Assert.Null(index.Find(taken.Key)!.Notice);

        await mark.RunAsync(null!, new MarkSnapshotInput(taken.Key) { DamagedAt = world.Clock.GetUtcNow(), Notice = new StepNotice("copy.damaged", "m", "r", "VerifySnapshot") });
        await mark.RunAsync(null!, refused);
        await mark.RunAsync(null!, new MarkSnapshotInput(taken.Key) { Held = true });
        Assert.Equal("copy.damaged", index.Find(taken.Key)!.Notice?.Code);
    }

    /// <summary>A hold and a release at once: what stands on the store was written by the one, and the row last by the other.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whether_a_copy_is_held_the_row_tells_as_the_store_does_whoever_writes_it_last(bool held)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var (index, destinations) = (life.Get<SnapshotIndex>(), life.Get<SecondaryDestinations>());
        var mark = new MarkSnapshot(index, destinations, NullLogger<MarkSnapshot>.Instance, new NoExecution());
        var release = new RemoveHold(destinations, new NoExecution());
        if (held) await release.RunAsync(null!, new HoldCopyInput(CopyOf(life, taken), "test", null));
        Assert.True(await Pumped(life, Hold(life, taken, "one")));
        if (!held) await release.RunAsync(null!, new HoldCopyInput(CopyOf(life, taken), "test", null));
        await mark.RunAsync(null!, new MarkSnapshotInput(taken.Key) { Held = held });
        await mark.RunAsync(null!, new MarkSnapshotInput(taken.Key) { Held = !held });
        Assert.Equal((held, held), (index.Find(taken.Key)!.Held, File.Exists(PathOf(world, life, taken, ".hold.json"))));
    }

    /// <summary>A release, or another hold, that ends between the look at the store and the writing of the row had written the row before: what is written last must not be what was seen first.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_hold_that_comes_or_goes_while_the_row_is_written_is_seen_after_it(bool held)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var (index, hold) = (life.Get<SnapshotIndex>(), PathOf(world, life, taken, ".hold.json"));
        if (!held) await File.WriteAllTextAsync(hold, "{}", Cancellation);
        // Where no hold is seen the manifest is looked at besides.
        var store = new ChangedAfter(held ? 2 : 1, world.StorePath, () =>
        {
            if (held) File.WriteAllText(hold, "{}");
            else File.Delete(hold);
        });
        var options = new SecondaryOptions { Destinations = [new SecondaryDestinationOptions { Name = "nfs1", Path = world.StorePath, Server = "s", Export = "/e", RequireMount = false, MinimumFreeBytes = 0 }] };
        await new MarkSnapshot(index, new SecondaryDestinations(options, _ => store), NullLogger<MarkSnapshot>.Instance, new NoExecution()).RunAsync(null!, new MarkSnapshotInput(taken.Key) { Held = !held });
        Assert.Equal((held, held), (index.Find(taken.Key)!.Held, File.Exists(hold)));
    }

    /// <summary>One that is not mounted, or an older copy of it: what the workflow has done counts, until the store shows the copy again.</summary>
    [Fact]
    public async Task A_store_that_lost_sight_of_the_copy_says_nothing_of_its_hold()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var (index, manifest) = (life.Get<SnapshotIndex>(), PathOf(world, life, taken, ".manifest.json"));
        var mark = new MarkSnapshot(index, life.Get<SecondaryDestinations>(), NullLogger<MarkSnapshot>.Instance, new NoExecution());
        File.Move(manifest, $"{manifest}.away");
        foreach (var held in (bool[])[true, false, true])
        {
            await mark.RunAsync(null!, new MarkSnapshotInput(taken.Key) { Held = held });
            Assert.Equal(held, index.Find(taken.Key)!.Held);
        }

        File.Move($"{manifest}.away", manifest);
        await mark.RunAsync(null!, new MarkSnapshotInput(taken.Key) { Held = true });
        Assert.False(index.Find(taken.Key)!.Held);
    }

    /// <summary>Whatever a catalog from before says: a copy that is being deleted, or was found damaged, does not survive for another.</summary>
    [Theory]
    [InlineData(".tombstone.json")]
    [InlineData(".damaged.json")]
    public async Task A_survivor_that_is_entombed_or_damaged_is_none(string mark)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var prove = new ProveCopies(life.Get<SnapshotIndex>(), life.Get<SecondaryDestinations>(), new NoExecution());
        Assert.Empty((await prove.RunAsync(null!, new ProveCopiesInput([taken.Key]))).Absent);
        await File.WriteAllTextAsync(PathOf(world, life, taken, mark), "{}", Cancellation);
        Assert.Equal([taken.Key], (await prove.RunAsync(null!, new ProveCopiesInput([taken.Key]))).Absent);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_survivor_of_another_length_than_its_manifest_tells_is_none(int more)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        using (var data = File.OpenWrite(Path.Combine(world.StorePath, life.Get<SnapshotIndex>().Find(taken.Key)!.Status.Location!))) data.SetLength(data.Length + more);
        Assert.Equal(more == 0 ? [] : [taken.Key], (await life.Step<ProveCopies>().RunAsync(null!, new ProveCopiesInput([taken.Key]))).Absent);
    }

    [Fact]
    public async Task A_catalog_from_before_the_damage_learns_of_it_and_a_proof_takes_the_mark_off()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var index = life.Get<SnapshotIndex>();
        var before = index.Find(taken.Key)!;
        var mark = new MarkSnapshot(index, life.Get<SecondaryDestinations>(), NullLogger<MarkSnapshot>.Instance, new NoExecution());
        await mark.RunAsync(null!, new MarkSnapshotInput(taken.Key) { DamagedAt = world.Clock.GetUtcNow() });
        index.Upsert(before);
        Assert.Null(index.Find(taken.Key)!.DamagedAt);
        var rebuild = new CatalogRebuild(life.Get<SecondaryDestinations>(), index, life.Get<Marker>());
        await rebuild.RunAsync(progress: null, Cancellation);
        Assert.NotNull(index.Find(taken.Key)!.DamagedAt);

        await mark.RunAsync(null!, new MarkSnapshotInput(taken.Key) { LastProven = world.Clock.GetUtcNow() });
        await rebuild.RunAsync(progress: null, Cancellation);
        Assert.Null(index.Find(taken.Key)!.DamagedAt);
        await mark.RunAsync(null!, new MarkSnapshotInput(taken.Key) { DamagedAt = world.Clock.GetUtcNow() });
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await Deletions.DeleteAsync(life, taken.Key)).RuntimeStatus);
        Assert.Empty(Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories));
    }

    private static Task<bool> Entomb(Life life, TakenCopy taken, string instance) =>
        new EntombCopy(life.Get<SecondaryDestinations>(), life.Get<DurableTaskClient>(), life.Get<Marker>(), NullLogger<EntombCopy>.Instance, new NoExecution(instance)).RunAsync(null!, new EntombCopyInput(CopyOf(life, taken), "test", "x"));

    private static Task<bool> Hold(Life life, TakenCopy taken, string instance) =>
        new PutHold(life.Get<SecondaryDestinations>(), life.Get<DurableTaskClient>(), NullLogger<PutHold>.Instance, new NoExecution(instance)).RunAsync(null!, new HoldCopyInput(CopyOf(life, taken), "test", null));

    private static StoredCopy CopyOf(Life life, TakenCopy taken)
    {
        var status = life.Get<SnapshotIndex>().Find(taken.Key)!.Status;
        return new StoredCopy(taken.Key, status.Destination!, status.Manifest!, "vhd", status.Location!, 1, new ArrayVolume("x", 1));
    }

    private static string PathOf(CrashWorld world, Life life, TakenCopy taken, string mark) =>
        Path.Combine(world.StorePath, life.Get<SnapshotIndex>().Find(taken.Key)!.Status.Manifest!.Replace(".manifest.json", mark, StringComparison.Ordinal));

    private static async Task<T> Pumped<T>(Life life, Task<T> step)
    {
        await life.Get<DurableEngine>().PumpAsync(() => step.IsCompleted, Cancellation);
        return await step;
    }

    private static async Task<string> CodeAsync(Life life, Task<bool> step) => (await Assert.ThrowsAsync<StepFaultException>(() => Pumped(life, step))).Fault.Code;

    /// <summary>Somebody else is at work on it, right after so many looks.</summary>
    private sealed class ChangedAfter(int looks, string path, Action change)
        : CrashingStore(new FolderStore(new FolderStoreOptions { Name = "nfs1", Path = path, RequireMount = false, MinimumFreeBytes = 0 }), CrashSwitch.Never)
    {
        private int _looks;

        public override async Task<StoreObject?> FindAsync(string name, CancellationToken cancellation)
        {
            var found = await base.FindAsync(name, cancellation);
            if (++_looks == looks) change();
            return found;
        }
    }
}
