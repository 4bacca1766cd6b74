using SnapshotWorkflows.App;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Deleted chunks go by the nightly collection: after the undo window, at every death, and never what is needed.</summary>
public sealed class ChunkCollections
{
    private static readonly WorldOptions s_options = new() { Copy = CopyMethods.Stream, Format = DataFormats.Chunks, CopyBytesPerSecond = null };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_nights_after_its_deletion_a_snapshots_chunks_are_gone_and_the_audit_trail_tells()
    {
        using var world = new CrashWorld(s_options);
        await using var life = new Life(world, CrashSwitch.Never);
        var key = await TakenAsync(life);
        var repository = await life.Get<SecondaryDestinations>().Get(null).OpenRepositoryAsync(world.Clock, Cancellation);
        // A backup that nobody will ever end: its snapshot has ended in the catalog, its session has not.
        await BeginDeadAsync(life, repository);
        await DeletedAsync(life, key);
        Assert.NotEmpty(Packs(world));

        var first = Assert.Single((await CollectedAsync(life)).Repositories);
        Assert.Equal((null, 0), (first.Failure, first.Purged.Count));
        Assert.NotEmpty(Packs(world));
        await repository.UndeleteAsync(key.Uuid, Cancellation);
        Assert.Equal(await CrashWorld.ExpectedRootAsync(), (await repository.FindAsync(key.Uuid, Cancellation))!.Root);
        await repository.DeleteAsync(key.Uuid, Cancellation);

        var purged = 0;
        for (var night = 0; night < 3; night++) purged += Assert.Single((await CollectedAsync(life)).Repositories).Purged.Count;
        Assert.Equal(1, purged);
        Assert.Empty(Packs(world));
        var lines = life.Get<AuditTrail>().List("nfs1", 0, 10);
        Assert.Equal(4, lines.Count(line => line is { Who: "timer", What: "chunks.collect", Outcome: "done" }));
    }

    /// <summary>As long as its snapshot has not ended in the catalog, or is not known there, its writer may be alive: somebody else's, perhaps.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_backup_that_may_be_at_work_is_not_closed(bool known)
    {
        using var world = new CrashWorld(s_options);
        await using var life = new Life(world, CrashSwitch.Never);
        await TakenAsync(life);
        var repository = await life.Get<SecondaryDestinations>().Get(null).OpenRepositoryAsync(world.Clock, Cancellation);
        var (index, dead) = (life.Get<SnapshotIndex>(), await BeginDeadAsync(life, repository));
        if (known) index.Change(dead, row => row with { Status = row.Status with { State = SnapshotState.BackingUp, Ended = false } });
        else Assert.True(index.Remove(dead));
        Assert.Empty(Assert.Single((await CollectedAsync(life)).Repositories).Closed);
        if (!known) return;
        index.Change(dead, row => row with { Status = row.Status with { State = SnapshotState.Error, Ended = true } });
        Assert.Equal([dead.Uuid], Assert.Single((await CollectedAsync(life)).Repositories).Closed);
    }

    /// <summary>Somebody took the deletion back in the repository, and the note that says so is damaged: whether it was that or the purge nobody can tell. DELETE of the snapshot, which is Destroyed, decides.</summary>
    [Fact]
    public async Task A_snapshot_whose_deletion_nobody_can_tell_the_end_of_is_deleted_again_by_the_same_route()
    {
        using var world = new CrashWorld(s_options);
        await using var life = new Life(world, CrashSwitch.Never);
        var key = await TakenAsync(life);
        await DeletedAsync(life, key);
        var repository = await life.Get<SecondaryDestinations>().Get(null).OpenRepositoryAsync(world.Clock, Cancellation);
        await repository.UndeleteAsync(key.Uuid, Cancellation);
        var end = Directory.GetFiles(Path.Combine(world.StorePath, "swf/chunks/tombstones"), "end", SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(end, Cancellation);
        bytes[^2] ^= 1;
        await File.WriteAllBytesAsync(end, bytes, Cancellation);

        for (var night = 0; night < 3; night++) Assert.Equal([key.Uuid], Assert.Single((await CollectedAsync(life)).Repositories).Undecided!);
        Assert.NotEmpty(Packs(world));
        Assert.Contains(life.Get<AuditTrail>().List("nfs1", 0, 10), line => line.Detail!.Contains($"delete again (the note of how their deletion ended is damaged): {key.Uuid}", StringComparison.Ordinal));

        var answer = await life.SendAsync($"/api/snapshots/{key.Uuid}", "", (request, client) => life.Get<DeletionTriggers>().DeleteAsync(request, key.Uuid, client, Cancellation), Cancellation);
        Assert.Equal(202, answer.Status);
        var ended = await life.Get<DurableEngine>().PumpAsync(DeleteSnapshotInput.InstanceOf(key).Value, Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        Assert.False(ended.ReadOutputAs<DeleteSnapshotResult>()!.Deleted);
        Assert.Equal(SnapshotState.Destroyed, life.Get<SnapshotIndex>().Find(key)!.Status.State);
        var purged = 0;
        for (var night = 0; night < 3; night++) purged += Assert.Single((await CollectedAsync(life)).Repositories).Purged.Count;
        Assert.Equal(1, purged);
        Assert.Empty(Packs(world));
        Assert.Empty(Directory.GetFiles(Path.Combine(world.StorePath, "swf/chunks"), "end", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_collection_that_dies_at_any_point_is_gone_on_with_and_needed_chunks_stay()
    {
        // Every point with SWF_FULL=1; else each fifth, from another one on each time: a world of two snapshots takes half a second.
        var step = Environment.GetEnvironmentVariable("SWF_FULL") == "1" ? 1 : 5;
        for (var point = Random.Shared.Next(step); ; point += step)
        {
            using var world = new CrashWorld(s_options);
            RequestKey kept, gone;
            await using (var before = new Life(world, CrashSwitch.Never))
            {
                gone = await TakenAsync(before);
                kept = await TakenAsync(before, "crash-test-2");
                await DeletedAsync(before, gone);
                await CollectedAsync(before);
            }

            var crash = new CrashSwitch(point);
            try
            {
                await using var first = new Life(world, crash);
                await CollectedAsync(first);
            }
            catch (Exception death) when (Life.IsCrash(death))
            {
                // As planned.
            }

            await using var second = new Life(world, CrashSwitch.Never);
            for (var night = 0; night < 2; night++) await CollectedAsync(second);
            var repository = await second.Get<SecondaryDestinations>().Get(null).OpenRepositoryAsync(world.Clock, Cancellation);
            var report = await repository.VerifyAsync(new ChunkVerifyRequest(), null, Cancellation);
            Assert.True(report.Sound, $"#{point} {crash.DiedAt}: {string.Join(", ", report.Findings)}");
            Assert.Equal([kept.Uuid], (await repository.ListAsync(true, Cancellation)).Select(snapshot => snapshot.Snapshot));
            Assert.Equal(report.Packs, Packs(world).Length);
            if (crash.DiedAt is null)
            {
                Assert.True(point > 20, $"only {point} crash points");
                return;
            }
        }
    }

    [Fact]
    public async Task A_repository_that_cannot_be_read_is_named_and_nothing_of_it_is_deleted()
    {
        using var world = new CrashWorld(s_options);
        await using var life = new Life(world, CrashSwitch.Never);
        var key = await TakenAsync(life);
        var end = Directory.GetFiles(world.StorePath, "end", SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(end, Cancellation);
        bytes[^2] ^= 1;
        await File.WriteAllBytesAsync(end, bytes, Cancellation);
        var packs = Packs(world).Length;
        var result = Assert.Single((await CollectedAsync(life)).Repositories);
        Assert.Equal(ChunkCodes.Damaged, result.Failure?.Code);
        Assert.Equal(packs, Packs(world).Length);
        Assert.Contains(life.Get<AuditTrail>().List("nfs1", 0, 10), line => line is { What: "chunks.collect", Outcome: "failed" });
        _ = key;
    }

    private static string[] Packs(CrashWorld world) => [.. Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories).Where(file => file.Contains("/packs/", StringComparison.Ordinal))];

    private static async Task<RequestKey> TakenAsync(Life life, string idempotencyKey = "crash-test-1")
    {
        var id = await life.PostAsync(Cancellation, idempotencyKey);
        var ended = await life.Get<DurableEngine>().PumpAsync(id, Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        return new RequestKey(id);
    }

    private static async Task DeletedAsync(Life life, RequestKey key)
    {
        var client = life.Get<DurableTaskClient>();
        var start = client.ScheduleNewOrchestrationInstanceAsync(nameof(DeleteSnapshot), new DeleteSnapshotInput(key, "test", "asked"), new StartOrchestrationOptions($"delete-{key}"), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(await start, Cancellation)).RuntimeStatus);
    }

    private static async Task<CollectChunksResult> CollectedAsync(Life life)
    {
        var start = life.Get<CollectionTick>().StartAsync(life.Get<DurableTaskClient>(), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, Cancellation);
        await start;
        var ended = await life.Get<DurableEngine>().PumpAsync(CollectChunksInput.InstanceId, Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        return ended.ReadOutputAs<CollectChunksResult>()!;
    }

    // The source breaks off, and whoever ran it never comes back.
    private static async Task<RequestKey> BeginDeadAsync(Life life, ChunkRepository repository)
    {
        var dead = new RequestKey(Guid.NewGuid().ToString("N"));
        var taken = life.Get<SnapshotIndex>().List(new SnapshotQuery()).Rows[0];
        life.Get<SnapshotIndex>().Upsert(taken with { Key = dead, Status = taken.Status with { State = SnapshotState.Error } });
        var request = new ChunkSnapshotRequest { Snapshot = dead.Uuid, Volume = "gone" };
        await Assert.ThrowsAsync<DiskContentException>(() => repository.WriteAsync(request, (IRandomAccessSource)new BrokenSource(), null, Cancellation));
        return dead;
    }

    private sealed class BrokenSource : IRandomAccessSource
    {
        public long Length => 4 << 20;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation) => ValueTask.FromResult(0);
    }
}
