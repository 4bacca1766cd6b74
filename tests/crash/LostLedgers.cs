using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Activities.RestoreSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>The ledger is put back from a copy that is older than what is under way: the hub goes on, and the marks on the things themselves are what is left to tell whose they are.</summary>
public sealed class LostLedgers
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_snapshot_under_way_ends_clean_and_copies_once(bool cancel)
    {
        using var world = new CrashWorld();
        string id;
        await using (var life = new Life(world, CrashSwitch.Never))
        {
            id = await life.PostAsync(Cancellation);
            await life.Get<DurableEngine>().PumpAsync(() => world.Faults.CallsOf("xenserver", "task.set_other_config") > 0, Cancellation);
        }

        Lose(world);
        await using var after = new Life(world, CrashSwitch.Never);
        if (cancel) await CancelAsync(after, id);
        var ended = await after.Get<DurableEngine>().PumpAsync(id, Cancellation);
        var faults = (await WorldChecker.FaultsAsync(world, after, ended, mustSucceed: !cancel, Cancellation)).ToList();
        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults));
        Assert.Equal(cancel ? OrchestrationRuntimeStatus.Failed : OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        Assert.Equal(1, world.Faults.CallsOf("xenserver", "VDI.copy"));
    }

    [Fact]
    public async Task A_restore_under_way_that_is_cancelled_leaves_no_volume()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        string id;
        await using (var life = new Life(world, CrashSwitch.Never))
        {
            id = await life.PostRestoreAsync(taken.Key, """{"name":"back","accountId":1,"qos":{"minIops":100,"maxIops":1000,"burstIops":2000}}""", Cancellation);
            await life.Get<DurableEngine>().PumpAsync(() => world.Faults.CallsOf("xenserver", "VDI.create") > 0, Cancellation);
        }

        Lose(world);
        await using var after = new Life(world, CrashSwitch.Never);
        await CancelAsync(after, id);
        var ended = await after.Get<DurableEngine>().PumpAsync(id, Cancellation);
        Assert.Empty(await RestoreChecker.FaultsAsync(world, after, ended, target: null, mustSucceed: false, Cancellation));
    }

    /// <summary>Rows of what was deleted do not come back with a rebuild: what the hub alone remembers is no backup.</summary>
    [Theory]
    [InlineData(true, "Destroyed")]
    [InlineData(false, "Error")]
    public async Task What_the_hub_remembers_and_the_catalog_does_not_is_no_backup(bool oneKnown, string state)
    {
        using var world = SnapshotGroupFaults.World();
        await using var life = new Life(world, CrashSwitch.Never);
        var id = (await SnapshotGroupFaults.RunAsync(life)).InstanceId;
        var index = life.Get<SnapshotIndex>();
        var keys = index.AllBackedUp().Select(row => row.Key).ToList();
        Assert.Equal(2, keys.Count);
        index.Remove(keys[0]);
        if (oneKnown) index.Change(keys[1], row => row with { Status = row.Status with { State = SnapshotState.Destroyed } });
        else index.Remove(keys[1]);

        var group = await ShownAsync("groups", (request, client) => life.Get<GroupTriggers>().GetAsync(request, id, client, Cancellation));
        Assert.Equal((state, false), (group.GetProperty("state").GetString(), group.TryGetProperty("manifest", out _)));
        Assert.Equal(oneKnown ? ["Destroyed", "Error"] : ["Error", "Error"], group.GetProperty("members").EnumerateArray().Select(member => member.GetProperty("state").GetString()!).Order());
        Assert.All(group.GetProperty("members").EnumerateArray(), member => Assert.False(member.TryGetProperty("manifest", out _)));
        var snapshot = await ShownAsync("snapshots", (request, client) => life.Get<SnapshotTriggers>().GetAsync(request, keys[0].Uuid, client, Cancellation));
        Assert.Equal(("Error", "snapshot.not-in-catalog"), (snapshot.GetProperty("state").GetString(), snapshot.GetProperty("failure").GetProperty("code").GetString()));

        async Task<System.Text.Json.JsonElement> ShownAsync(string route, Func<Microsoft.AspNetCore.Http.HttpRequest, DurableTaskClient, Task<Microsoft.AspNetCore.Mvc.IActionResult>> get)
        {
            var (status, _, answer) = await life.SendAsync($"/api/{route}", "", get, Cancellation);
            Assert.Equal(200, status);
            return System.Text.Json.JsonElement.Parse(System.Text.Encoding.UTF8.GetBytes(answer));
        }
    }

    /// <summary>A node that was taken for dead, or a hub from an old copy, runs the write once more after the volume was handed back: its disk lies in CloudStack's SR now.</summary>
    [Fact]
    public async Task A_disk_in_anothers_storage_repository_is_not_written_to()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        world.StopMachine();
        world.StartMachine();
        await using var life = new Life(world, CrashSwitch.Never);
        var destinations = life.Get<Secondary.Destinations.SecondaryDestinations>();
        var source = await new InspectCopy(life.Get<SnapshotIndex>(), destinations, new NoExecution()).RunAsync(null!, new InspectCopyInput(taken.Key));
        var write = ActivatorUtilities.CreateInstance<WriteVdi>(life.Get<IServiceProvider>(), new NoExecution());
        var input = new WriteVdiInput(new RequestKey(new string('d', 32)), "production", world.Volume.VdiUuid, Fresh: false, source);
        Assert.Equal("restore.disk-elsewhere", (await Assert.ThrowsAsync<StepFaultException>(() => write.RunAsync(null!, input))).Fault.Code);
        Assert.Equal(0, world.Faults.CallsOf("xenserver", "import_raw_vdi"));
        Assert.Empty(life.Get<IntentLedger>().Open(input.Key));
    }

    private static void Lose(CrashWorld world)
    {
        SqliteConnection.ClearAllPools();
        using var catalog = new CatalogDatabase(Path.Combine(world.Folder, "catalog.db"));
        catalog.Write("loss", (connection, transaction) =>
        {
            using var delete = connection.CreateCommand();
            delete.Transaction = transaction;
            delete.CommandText = "DELETE FROM intents";
            return delete.ExecuteNonQuery();
        });
    }

    private static async Task CancelAsync(Life life, string id)
    {
        var raise = life.Get<DurableTaskClient>().RaiseEventAsync(id, "Cancel", "test", Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => raise.IsCompleted, Cancellation);
        await raise;
    }
}
