using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Converters;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A disk that a copy was made into is destroyed once nothing writes to it, nobody reads it, and no manifest can make it a backup any more.</summary>
public sealed class DestinationDisks
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_copy_that_runs_is_stopped_and_has_ended_before_its_disk_goes()
    {
        using var world = new CrashWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var (made, pool, copy) = await CopyingAsync(world, life);
        Assert.Equal("copy.still-writing", (await StepRun.RefusalAsync(() => DestroyAsync(life, made))).Code);
        Assert.Equal((1, 0), (world.Faults.CallsOf("xenserver", "task.cancel"), world.Faults.CallsOf("xenserver", "VDI.destroy")));
        await EndAsync(world, pool, copy);
        Assert.True(await DestroyAsync(life, made));
        Assert.Equal((1, 1), (world.Faults.CallsOf("xenserver", "task.cancel"), world.Faults.CallsOf("xenserver", "VDI.destroy")));
    }

    /// <summary>Our own copy has ended, as its task tells, and a person copies from its disk.</summary>
    [Fact]
    public async Task A_disk_that_another_call_works_on_is_not_destroyed()
    {
        using var world = new CrashWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var (made, pool) = (await CopiedAsync(life), life.Get<IXenServerPools>().Get("backup"));
        var copy = await pool.Tasks.CreateAsync("Async.VDI.copy", "", Cancellation);
        await pool.Tasks.EndCancelledAsync(copy, Cancellation);
        life.Get<IntentLedger>().Made(made.Key, "copy-task", copy.Value);
        var sr = (await pool.Srs.FindAsync(made.SrUuid, Cancellation))!;
        var disk = Assert.Single(await pool.Vdis.ListAsync(sr.Ref, Cancellation));
        var into = await pool.Vdis.CreateAsync(new NewVdi { Sr = sr.Ref, NameLabel = "another's", VirtualBytes = disk.VirtualBytes }, Cancellation);
        await pool.Vdis.StartCopyAsync(disk.Ref, sr.Ref, into, Cancellation);
        Assert.Equal("copy.still-writing", (await StepRun.RefusalAsync(() => DestroyAsync(life, made))).Code);
        Assert.Equal((0, 0), (world.Faults.CallsOf("xenserver", "task.cancel"), world.Faults.CallsOf("xenserver", "VDI.destroy")));
    }

    /// <summary>Its put was not answered: when it has come the disk is a backup.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_disk_whose_manifest_may_still_come_is_not_destroyed(bool told)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var made = await CopiedAsync(life, told);
        var folder = life.Get<IntentLedger>().Find(made.Key, "folder")!;
        life.Get<IntentLedger>().Intend(made.Key, "manifest", "secondary", folder.Scope, $"{folder.Marker}.manifest.json");
        Assert.Equal("undo.unanswered", (await StepRun.RefusalAsync(() => DestroyAsync(life, made))).Code);
        Assert.Equal(0, world.Faults.CallsOf("xenserver", "VDI.destroy"));
        world.Clock.Advance(TimeSpan.FromMinutes(3));
        Assert.True(await DestroyAsync(life, made));
    }

    /// <summary>A snapshot up to where its copy runs.</summary>
    private static async Task<(OwnedVdiInput Made, XenServerClient Pool, OpaqueRef Copy)> CopyingAsync(CrashWorld world, Life life)
    {
        var id = await life.PostAsync(Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => world.Faults.CallsOf("xenserver", "task.set_other_config") > 0, Cancellation);
        var pool = life.Get<IXenServerPools>().Get("backup");
        var made = await MadeAsync(life, id);
        return (made, pool, Assert.Single(await pool.Tasks.ListAsync(Cancellation), task => task.OtherConfig.GetValueOrDefault("swf-role") == "copy-task").Ref);
    }

    /// <summary>The workflow stands still meanwhile.</summary>
    private static async Task EndAsync(CrashWorld world, XenServerClient pool, OpaqueRef task)
    {
        var ended = pool.Tasks.WaitAsync(task, Cancellation);
        await world.Clock.StepUntilAsync(ended, within: TimeSpan.FromSeconds(1), () => { });
        await ended;
    }

    private static Task<bool> DestroyAsync(Life life, OwnedVdiInput made) => life.Step<DestroyDestinationVdi>().RunAsync(null!, made);

    /// <summary>A snapshot up to where its copy is to be verified.</summary>
    /// <param name="told">The step is told the folder, too; else the ledger tells it, as of an older version.</param>
    private static async Task<OwnedVdiInput> CopiedAsync(Life life, bool told = true)
    {
        var id = await life.PostAsync(Cancellation);
        await life.Get<DurableEngine>().PumpAsync(async () => await FindAsync<HashSourceInput>(life, id, StepNames.HashSource) is not null, Cancellation);
        var made = await MadeAsync(life, id);
        return told ? made with { Unpublished = await FindAsync<DestinationFolder>(life, id, StepNames.PrepareFolder) } : made;
    }

    private static async Task<OwnedVdiInput> MadeAsync(Life life, string id)
    {
        var made = (await FindAsync<DestinationVdiInput>(life, id, StepNames.CreateDestinationVdi))!;
        return new OwnedVdiInput(made.Key, made.Pool, made.SrUuid);
    }

    private static async Task<T?> FindAsync<T>(Life life, string id, string step) where T : class =>
        (await life.Get<DurableTaskClient>().GetOrchestrationHistoryAsync(id, Cancellation)).OfType<TaskScheduledEvent>().FirstOrDefault(one => one.Name == step) is { } call
            ? (T)JsonDataConverter.Default.Deserialize(call.Input, typeof(T))!
            : null;
}
