using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Functions.Worker;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Old copies are read again; damage is told and never deleted. The ledger is put where it outlives the machine.</summary>
public sealed class Scrubs
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ticks_that_come_while_a_run_is_under_way_begin_no_other()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        await life.RunAsync(Cancellation);
        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromDays(31));
        var (client, engine) = (life.Get<DurableTaskClient>(), life.Get<DurableEngine>());
        var ticks = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => life.Get<UpkeepTimers>().ScrubAsync(new TimerInfo(), client, Cancellation)));
        await engine.PumpAsync(() => ticks.IsCompleted, Cancellation);
        await ticks;
        Assert.Equal((1, 0, 1), Figures((await engine.PumpAsync(ScrubInput.InstanceId, Cancellation)).ReadOutputAs<ScrubResult>()!));
        var runs = new List<string>();
        await foreach (var instance in client.GetAllInstancesAsync(new OrchestrationQuery()).WithCancellation(Cancellation)) runs.Add(instance.Name);
        Assert.Single(runs, name => name == nameof(ScrubSnapshots));
        Assert.Single(runs, name => name == nameof(VerifySnapshot));
    }

    [Fact]
    public async Task A_copy_is_proven_again_after_its_time_and_a_flipped_bit_marks_it_damaged()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var key = new RequestKey((await life.RunAsync(Cancellation)).InstanceId);
        var index = life.Get<SnapshotIndex>();
        Assert.Equal((0, 0, 0), Figures(await ScrubAsync(life, "early")));

        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromDays(31));
        Assert.Equal((1, 0, 1), Figures(await ScrubAsync(life, "first")));
        Assert.Equal(world.Clock.GetUtcNow(), index.Find(key)!.LastProven!.Value, TimeSpan.FromMinutes(1));
        Assert.Equal((0, 0, 0), Figures(await ScrubAsync(life, "again")));

        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromDays(31));
        var file = Path.Combine(world.StorePath, index.Find(key)!.Status.Location!);
        var bytes = await File.ReadAllBytesAsync(file, Cancellation);
        var at = Array.FindIndex(bytes, bytes.Length / 2, value => value != 0);
        bytes[at] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancellation);
        Assert.Equal((1, 1, 1), Figures(await ScrubAsync(life, "damaged")));
        Assert.NotNull(index.Find(key)!.DamagedAt);
        Assert.True(File.Exists(file), "a scrub deletes nothing");

        // It counts no more, and no policy lets it go.
        var policy = new SnapshotPolicy { Name = "p", Schedule = "0 0 * * *", Volumes = new PolicyVolumes(), Keep = new RetentionRule { Last = 0 } };
        var verdict = Assert.Single(Assert.Single(PolicyCopies.Judge(policy, [index.Find(key)!], world.Clock.GetUtcNow())).Verdicts);
        Assert.True(verdict.Keep);
        Assert.DoesNotContain("the newest good copy", verdict.Reasons);

        // Whole again, as after a restore of the store, it is good again.
        bytes[at] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancellation);
        var verified = (await RunAsync(life, nameof(VerifySnapshot), new VerifySnapshotInput(key, "test"), "whole")).ReadOutputAs<VerifiedSnapshot>()!;
        Assert.Equal("whole", verified.Verdict);
        Assert.Null(index.Find(key)!.DamagedAt);
    }

    [Fact]
    public async Task A_days_share_of_bytes_bounds_what_is_read()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        await life.RunAsync(Cancellation);
        await using var other = new Life(world, CrashSwitch.Never) { IdempotencyKey = "another" };
        await life.DisposeAsync();
        await other.RunAsync(Cancellation);
        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromDays(31));
        other.Get<Microsoft.Extensions.Options.IOptions<UpkeepOptions>>().Value.ScrubBytesPerDay = 1;
        Assert.Equal((1, 0, 2), Figures(await ScrubAsync(other, "one")));
        Assert.Equal((0, 0, 1), Figures(await ScrubAsync(other, "none left today")));
        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromDays(1.1));
        Assert.Equal((1, 0, 1), Figures(await ScrubAsync(other, "tomorrow")));
    }

    /// <summary>As with a master key that is not among the settings any more: each hour it would come first again, and with it the day's share would be gone.</summary>
    [Fact]
    public async Task A_copy_that_cannot_be_read_is_told_and_keeps_no_other_from_being_read()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var unread = new RequestKey((await life.RunAsync(Cancellation)).InstanceId);
        await using var other = new Life(world, CrashSwitch.Never) { IdempotencyKey = "another" };
        await life.DisposeAsync();
        var good = new RequestKey((await other.RunAsync(Cancellation)).InstanceId);
        var index = other.Get<SnapshotIndex>();
        var destination = index.Find(unread)!.Status.Destination;
        index.Change(unread, row => row with { Status = row.Status with { Destination = "a-store-that-is-not-served" } });
        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromDays(31));
        other.Get<Microsoft.Extensions.Options.IOptions<UpkeepOptions>>().Value.ScrubBytesPerDay = 1;

        // It comes first, for it is the older one, and is all of the day's share.
        var first = await ScrubAsync(other, "first");
        Assert.Equal((0, 0, 2), Figures(first));
        Assert.Equal("store.no-destination", Assert.Single(first.Failures).Code);
        Assert.Contains(other.Get<AuditTrail>().List(unread.Uuid, 0, 20), line => line is { What: "snapshot.verify", Outcome: "unread", Detail: "store.no-destination" });
        Assert.Equal((world.Clock.GetUtcNow(), null), (index.Find(unread)!.VerifyTriedAt, index.Find(unread)!.DamagedAt));
        Assert.Equal((1, 0, 2), Figures(await ScrubAsync(other, "an hour later")));
        Assert.NotNull(index.Find(good)!.LastProven);

        // Mended, it has its turn a day after it was tried.
        index.Change(unread, row => row with { Status = row.Status with { Destination = destination } });
        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromDays(1.1));
        Assert.Equal((1, 0, 1), Figures(await ScrubAsync(other, "a day later")));
        Assert.Equal((true, null), (index.Find(unread)!.LastProven is not null, index.Find(unread)!.VerifyTriedAt));
    }

    [Fact]
    public async Task The_ledger_is_backed_up_whole_and_only_so_many_are_kept()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        await life.RunAsync(Cancellation);
        life.Get<Microsoft.Extensions.Options.IOptions<UpkeepOptions>>().Value.LedgerBackups = 2;
        var last = default(BackedUpLedger);
        for (var n = 0; n < 4; n++)
        {
            world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromHours(6));
            last = (await RunAsync(life, nameof(BackupLedger), new BackupLedgerInput("test"), $"b{n}")).ReadOutputAs<BackedUpLedger>()!;
        }

        var kept = await LedgerBackups.ListAsync(life.Get<SecondaryDestinations>().Get(null).Store, "crash-test", Cancellation);
        Assert.Equal(2, kept.Count);
        Assert.Equal(last!.Copy.Name, kept[0]);
        var restored = Path.Combine(world.Folder, "restored.db");
        File.Copy(Path.Combine(world.StorePath, kept[0]), restored);
        using var catalog = new CatalogDatabase(restored);
        Assert.Equal(life.Get<SnapshotIndex>().Digest(), new SnapshotIndex(catalog).Digest());
        Assert.NotEmpty(new UsageLedger(catalog).List(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, null, null, "", 10));
    }

    [Fact]
    public async Task A_row_whose_instance_was_ended_from_outside_says_so()
    {
        using var world = new CrashWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var key = new RequestKey(await life.PostAsync(Cancellation));
        await life.Get<DurableEngine>().PumpAsync(() => life.Get<SnapshotIndex>().Find(key) is not null, Cancellation);
        var end = life.Get<DurableTaskClient>().TerminateInstanceAsync(key.Value, Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => end.IsCompleted, Cancellation);
        await life.Get<DurableEngine>().PumpAsync(key.Value, Cancellation);
        Assert.False(life.Get<SnapshotIndex>().Find(key)!.Status.Ended);
        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromMinutes(10));
        var check = new Functions.Triggers.RowCheck(life.Get<SnapshotIndex>(), life.Get<AuditTrail>(), world.Clock, Microsoft.Extensions.Logging.Abstractions.NullLogger<Functions.Triggers.RowCheck>.Instance)
            .RunAsync(new Functions.Worker.TimerInfo(), life.Get<DurableTaskClient>(), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => check.IsCompleted, Cancellation);
        await check;
        var status = life.Get<SnapshotIndex>().Find(key)!.Status;
        Assert.Equal((true, SnapshotState.Error, "instance.ended"), (status.Ended, status.State, status.Failure?.Code));
    }

    private static (int, int, int) Figures(ScrubResult result) => (result.Read, result.Damaged, result.Due);

    private static async Task<ScrubResult> ScrubAsync(Life life, string name) => (await RunAsync(life, nameof(ScrubSnapshots), new ScrubInput("test"), name)).ReadOutputAs<ScrubResult>()!;

    private static async Task<OrchestrationMetadata> RunAsync(Life life, string workflow, object input, string name)
    {
        var instance = NameUuid.From($"{workflow} {name}").ToString("N");
        var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync(workflow, input, new StartOrchestrationOptions(instance), Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => start.IsCompleted, Cancellation);
        await start;
        var ended = await life.Get<DurableEngine>().PumpAsync(instance, Cancellation);
        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, ended.FailureDetails?.ToString());
        return ended;
    }
}
