using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.CatalogSteps;
using SnapshotWorkflows.Activities.RevertSteps;
using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Functions.Worker;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Deletions that do not find what they look for, that were broken off, and what the last one of a group takes with it.</summary>
public sealed class Deletions
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_copy_that_the_store_does_not_show_is_not_said_to_be_deleted_and_can_be_deleted_later()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var key = new RequestKey((await life.RunAsync(Cancellation)).InstanceId);

        // The store is not mounted: the folder is there and empty.
        var away = $"{world.StorePath}-away";
        Directory.Move(Path.Combine(world.StorePath, "swf"), away);
        var failed = await DeleteAsync(life, key);
        Assert.Equal("snapshot.copy-not-found", StepFault.From(failed.FailureDetails!).Code);
        Assert.Equal(SnapshotState.BackedUp, life.Get<SnapshotIndex>().Find(key)!.Status.State);
        Assert.Contains(life.Get<AuditTrail>().List(key.Uuid, 0, 10), row => row is { What: "snapshot.delete", Outcome: "refused" });

        Directory.Move(away, Path.Combine(world.StorePath, "swf"));
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await DeleteAsync(life, key)).RuntimeStatus);
        Assert.Equal(SnapshotState.Destroyed, life.Get<SnapshotIndex>().Find(key)!.Status.State);
        Assert.Empty(Files(world));
        Assert.Equal(202, (await SendAsync(life, key)).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deletion_that_was_ended_from_outside_is_taken_up_again_also_when_hub_and_catalog_are_lost(bool lost)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        RequestKey key;
        await using (var life = new Life(world, CrashSwitch.Never))
        {
            key = new RequestKey((await life.RunAsync(Cancellation)).InstanceId);
            Assert.Equal(202, (await SendAsync(life, key)).Status);
            var client = life.Get<DurableTaskClient>();
            await life.Get<DurableEngine>().PumpAsync(() => !Files(world).Any(file => file.EndsWith(".manifest.json", StringComparison.Ordinal)), Cancellation);
            var end = client.TerminateInstanceAsync(DeleteSnapshotInput.InstanceOf(key).Value, new TerminateInstanceOptions(null, false), Cancellation);
            await life.Get<DurableEngine>().PumpAsync(() => end.IsCompleted, Cancellation);
            await end;
            Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await life.Get<DurableEngine>().PumpAsync(DeleteSnapshotInput.InstanceOf(key).Value, Cancellation)).RuntimeStatus);
            Assert.NotEmpty(Files(world));
        }

        if (lost) foreach (var file in Directory.GetFiles(world.Folder, "*.db*")) File.Delete(file);
        await using var after = new Life(world, CrashSwitch.Never);
        if (lost)
        {
            var report = await new CatalogRebuild(after.Get<SecondaryDestinations>(), after.Get<SnapshotIndex>(), after.Get<Marker>()).RunAsync(progress: null, Cancellation);
            Assert.Equal((0, 1, 0, 0), (report.Snapshots, report.Deleting, report.Missing, report.Unreadable.Count));
        }

        Assert.Equal(SnapshotState.Destroying, after.Get<SnapshotIndex>().Find(key)!.Status.State);
        var resume = after.Get<RowCheck>().ResumeAsync(null!, after.Get<DurableTaskClient>(), Cancellation);
        await after.Get<DurableEngine>().PumpAsync(() => resume.IsCompleted, Cancellation);
        await resume;
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await after.Get<DurableEngine>().PumpAsync(DeleteSnapshotInput.InstanceOf(key).Value, Cancellation)).RuntimeStatus);
        Assert.Equal(SnapshotState.Destroyed, after.Get<SnapshotIndex>().Find(key)!.Status.State);
        Assert.Empty(Files(world));
    }

    [Fact]
    public async Task The_last_member_takes_the_groups_manifest_with_it_and_no_one_before()
    {
        using var world = SnapshotGroupFaults.World();
        await using var life = new Life(world, CrashSwitch.Never);
        await SnapshotGroupFaults.RunAsync(life);
        var members = life.Get<SnapshotIndex>().AllBackedUp().Select(row => row.Key).ToList();
        Assert.Equal(2, members.Count);
        await DeleteAsync(life, members[0]);
        Assert.Single(Files(world), file => file.EndsWith(".group.json", StringComparison.Ordinal));
        await DeleteAsync(life, members[1]);
        Assert.Empty(Files(world));
    }

    /// <summary>From when a restore waits for its slots until it has ended, its copy stays; a restore that was cancelled, or ended by force, holds nothing up.</summary>
    [Theory]
    [InlineData("ends")]
    [InlineData("cancelled")]
    [InlineData("terminated")]
    public async Task A_copy_is_not_deleted_while_it_is_restored_or_about_to_be(string how)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var (engine, client) = (life.Get<DurableEngine>(), life.Get<DurableTaskClient>());

        // Everything is paused, so that the restore waits.
        await Pumped(client.Entities.SignalEntityAsync(AdmissionEntity.Id, AdmissionEntity.Pause, new AdmissionPause("test", null, world.Clock.GetUtcNow()), null, Cancellation));
        var restore = await life.PostRestoreAsync(taken.Key, """{"name":"back","accountId":1,"qos":{"minIops":100,"maxIops":1000,"burstIops":2000}}""", Cancellation);
        await engine.PumpAsync(async () => (await client.Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, Cancellation))?.State?.ReadersOf(taken.Key).Count > 0, Cancellation);
        Assert.Equal(409, (await SendAsync(life, taken.Key)).Status);

        // A deletion that looked before the restore had asked: its own look refuses it.
        var copy = new StoredCopy(taken.Key, "nfs1", life.Get<SnapshotIndex>().Find(taken.Key)!.Status.Manifest!, "vhd", life.Get<SnapshotIndex>().Find(taken.Key)!.Status.Location!, 1, new ArrayVolume("x", 1));
        var entomb = new EntombCopy(life.Get<SecondaryDestinations>(), client, life.Get<Marker>(), Microsoft.Extensions.Logging.Abstractions.NullLogger<EntombCopy>.Instance, new NoExecution());
        var refused = Assert.ThrowsAsync<StepFaultException>(() => entomb.RunAsync(null!, new EntombCopyInput(copy with { Destination = life.Get<SnapshotIndex>().Find(taken.Key)!.Status.Destination! }, "test", "x")));
        await Pumped(refused);
        Assert.Equal("snapshot.being-restored", (await refused).Fault.Code);
        Assert.DoesNotContain(Files(world), file => file.EndsWith(".tombstone.json", StringComparison.Ordinal));

        if (how == "cancelled") await Pumped(client.RaiseEventAsync(restore, "Cancel", "test", Cancellation));
        if (how == "terminated") await Pumped(client.TerminateInstanceAsync(restore, new TerminateInstanceOptions(null, false), Cancellation));
        await Pumped(client.Entities.SignalEntityAsync(AdmissionEntity.Id, AdmissionEntity.Resume, null, null, Cancellation));
        var ended = await engine.PumpAsync(restore, Cancellation);
        Assert.Equal(how switch { "ends" => OrchestrationRuntimeStatus.Completed, "cancelled" => OrchestrationRuntimeStatus.Failed, _ => OrchestrationRuntimeStatus.Terminated }, ended.RuntimeStatus);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await DeleteAsync(life, taken.Key)).RuntimeStatus);
        Assert.Empty(Files(world));

        async Task Pumped(Task task)
        {
            await engine.PumpAsync(() => task.IsCompleted, Cancellation);
            await task;
        }
    }

    /// <summary>A roll-back is on its way: whoever deletes, by the route or as a policy's expiry does, is refused until nothing of it can come any more.</summary>
    [Theory]
    [InlineData(false, SnapshotState.CreatedOnPrimary)]
    [InlineData(true, SnapshotState.BackedUp)]
    public async Task A_snapshot_is_not_deleted_while_its_volume_is_put_back_to_it(bool copied, SnapshotState stays)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = copied ? await Reverts.CopiedAsync(world) : await Reverts.KeptAsync(world);
        world.StopMachine();
        var wire = LateWire.HoldingFirst("RollbackToSnapshot");
        await using var life = new Life(world, CrashSwitch.Never, wire: wire);
        var (index, engine) = (life.Get<SnapshotIndex>(), life.Get<DurableEngine>());
        var revert = await Reverts.PostAsync(life, key);
        await Reverts.UntilWaitingAsync(life, revert, "undo.unanswered");
        var (status, _, answer) = await SendAsync(life, key);
        Assert.Equal((409, "snapshot.being-reverted"), (status, System.Text.Json.JsonDocument.Parse(answer).RootElement.GetProperty("code").GetString()));
        Assert.Equal("snapshot.being-reverted", StepFault.From((await ExpireAsync()).FailureDetails!).Code);
        Assert.Equal(stays, index.Find(key)!.Status.State);
        Assert.Equal("snapshot.being-reverted", index.Find(key)!.Notice?.Code);
        Assert.Equal(0, world.Faults.CallsOf("solidfire", "DeleteSnapshot"));

        await wire.ReleaseAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await engine.PumpAsync(revert, Cancellation)).RuntimeStatus);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await ExpireAsync()).RuntimeStatus);
        Assert.Equal(SnapshotState.Destroyed, index.Find(key)!.Status.State);

        async Task<OrchestrationMetadata> ExpireAsync()
        {
            var asked = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync("DeleteSnapshot", new DeleteSnapshotInput(key, "policy:p", "expired"), null, Cancellation);
            await engine.PumpAsync(() => asked.IsCompleted, Cancellation);
            return await engine.PumpAsync(await asked, Cancellation);
        }
    }

    /// <summary>An attempt that died had put its tombstone, and the next one gives way to a revert: the copy is whole, and is shown so.</summary>
    [Fact]
    public async Task A_deletion_that_is_taken_up_again_while_its_volume_is_put_back_leaves_a_backup()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.CopiedAsync(world);
        world.StopMachine();
        await using var life = new Life(world, CrashSwitch.Never, wire: LateWire.HoldingFirst("RollbackToSnapshot"));
        var index = life.Get<SnapshotIndex>();
        var status = index.Find(key)!.Status;
        var entomb = life.Step<EntombCopy>().RunAsync(null!, new EntombCopyInput(new StoredCopy(key, status.Destination!, status.Manifest!, DataFormats.Vhd, status.Location!, 1, new ArrayVolume("x", 1)), "test", "x"));
        await life.Get<DurableEngine>().PumpAsync(() => entomb.IsCompleted, Cancellation);
        Assert.True(await entomb);
        await Reverts.UntilWaitingAsync(life, await Reverts.PostAsync(life, key), "undo.unanswered");
        index.Change(key, row => row with { Status = row.Status with { State = SnapshotState.Destroying } });
        var asked = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync("DeleteSnapshot", new DeleteSnapshotInput(key, "policy:p", "expired"), null, Cancellation);
        await life.Get<DurableEngine>().PumpAsync(() => asked.IsCompleted, Cancellation);
        Assert.Equal("snapshot.being-reverted", StepFault.From((await life.Get<DurableEngine>().PumpAsync(await asked, Cancellation)).FailureDetails!).Code);
        Assert.Equal((SnapshotState.BackedUp, "snapshot.being-reverted"), (index.Find(key)!.Status.State, index.Find(key)!.Notice?.Code));
        Assert.Empty(Directory.GetFiles(world.StorePath, "*.tombstone.json", SearchOption.AllDirectories));
    }

    /// <summary>A restore reads the copy alone, and may begin while the snapshot's own clean-up is still at work on the array.</summary>
    [Fact]
    public async Task The_arrays_snapshot_goes_though_its_copy_is_restored()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        await life.PostRestoreAsync(taken.Key, """{"name":"back","accountId":1}""", Cancellation);
        await life.Get<DurableEngine>().PumpAsync(
            async () => (await life.Get<DurableTaskClient>().Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, Cancellation))?.State.ReadersOf(taken.Key).Count > 0, Cancellation);
        var delete = life.Step<SnapshotWorkflows.Activities.VolumeSteps.DeleteStorageSnapshot>().RunAsync(
            null!, new StorageSnapshotInput(taken.Key, new ArrayVolume(world.Array.Options.Uuid.ToString(), world.Volume.VolumeId), TimeSpan.Zero));
        await life.Get<DurableEngine>().PumpAsync(() => delete.IsCompleted, Cancellation);
        Assert.True(await delete);
    }

    /// <summary>It had looked for reverts before there was one: the volume is not touched until it is known what becomes of the snapshot. A revert that has put it back once only goes forward.</summary>
    [Fact]
    public async Task A_volume_is_not_put_back_to_a_snapshot_whose_deletion_has_begun()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        world.StopMachine();
        await using var life = new Life(world, CrashSwitch.Never);
        var index = life.Get<SnapshotIndex>();
        var inspect = new InspectRollBack(life.Get<SolidFireArrays>(), index, life.Get<DurableTaskClient>(), life.Get<Marker>(), new NoExecution());
        var input = new InspectRollBackInput(key, null, index.Find(key)!.Primary!);
        await inspect.RunAsync(null!, input);
        index.Change(key, row => row with { Status = row.Status with { State = SnapshotState.Destroying } });
        Assert.Equal(("snapshot.deleting", FaultKind.Transient), (await Assert.ThrowsAsync<StepFaultException>(() => inspect.RunAsync(null!, input))).Fault is var fault ? (fault.Code, fault.Kind) : default);
        await inspect.RunAsync(null!, input with { Forward = true });
    }

    /// <summary>It has been refused by the array for now, so it looks again, and gives way.</summary>
    [Fact]
    public async Task A_deletion_that_has_not_deleted_yet_gives_way_to_a_revert()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        world.StopMachine();
        await using var life = new Life(world, CrashSwitch.Never);
        world.Faults.Add(new FaultSpecification { System = "solidfire", Method = "DeleteSnapshot", Action = FaultAction.Fail, ErrorName = "xDBVersionMismatch", Times = FaultSpecification.ForEver });
        Assert.Equal(202, (await SendAsync(life, key)).Status);
        await life.Get<DurableEngine>().PumpAsync(() => world.Faults.List()[0].FiredTimes > 0, Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await Reverts.RunAsync(life, key)).RuntimeStatus);
        Assert.Equal((SnapshotState.CreatedOnPrimary, "snapshot.being-reverted"), (life.Get<SnapshotIndex>().Find(key)!.Status.State, life.Get<SnapshotIndex>().Find(key)!.Notice?.Code));
    }

    /// <summary>At three in the morning: a word that is passed over looks as if it had been taken.</summary>
    [Theory]
    [InlineData("?arrayLost=yes", "request.value")]
    [InlineData("?arrayLost=1", "request.value")]
    [InlineData("?arraysLost=true", "request.unknown-parameter")]
    [InlineData("?arrayLost=true", "snapshot.deleting")]
    [InlineData("?arrayLost=True", "snapshot.deleting")]
    [InlineData("?arrayLost=false", null)]
    public async Task That_the_array_is_lost_is_heeded_or_refused(string query, string? code)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        await using var life = new Life(world, CrashSwitch.Never);
        world.Faults.Add(new FaultSpecification { System = "solidfire", Method = "DeleteSnapshot", Action = FaultAction.Fail, ErrorName = "xDBVersionMismatch", Times = FaultSpecification.ForEver });
        Assert.Equal(202, (await SendAsync(life, key)).Status);
        await life.Get<DurableEngine>().PumpAsync(() => world.Faults.List()[0].FiredTimes > 1, Cancellation);
        var (status, _, answer) = await SendAsync(life, key, query);
        using var body = System.Text.Json.JsonDocument.Parse(answer);
        Assert.Equal((code is null ? 202 : code.StartsWith("request", StringComparison.Ordinal) ? 400 : 409, code), (status, body.RootElement.TryGetProperty("code", out var told) ? told.GetString() : null));
    }

    /// <summary>What an operator has said of the array holds for the deletion that is taken up again, too.</summary>
    [Fact]
    public async Task A_deletion_that_was_told_of_a_lost_array_is_taken_up_again_with_that_word()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        await using var life = new Life(world, CrashSwitch.Never);
        var (index, client, engine) = (life.Get<SnapshotIndex>(), life.Get<DurableTaskClient>(), life.Get<DurableEngine>());
        index.Change(key, row => row with { Primary = row.Primary! with { ClusterUuid = Guid.NewGuid().ToString() } });
        Assert.Equal(202, (await SendAsync(life, key, arrayLost: true)).Status);
        await engine.PumpAsync(() => index.Find(key)!.Status.State == SnapshotState.Destroying, Cancellation);
        await Pumped(client.TerminateInstanceAsync(DeleteSnapshotInput.InstanceOf(key).Value, new TerminateInstanceOptions(null, false), Cancellation));
        await engine.PumpAsync(DeleteSnapshotInput.InstanceOf(key).Value, Cancellation);
        Assert.Equal(SnapshotState.Destroying, index.Find(key)!.Status.State);
        await Pumped(life.Get<RowCheck>().ResumeAsync(null!, client, Cancellation));
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await engine.PumpAsync(DeleteSnapshotInput.InstanceOf(key).Value, Cancellation)).RuntimeStatus);
        Assert.Equal(SnapshotState.Destroyed, index.Find(key)!.Status.State);

        async Task Pumped(Task task)
        {
            await engine.PumpAsync(() => task.IsCompleted, Cancellation);
            await task;
        }
    }

    internal static async Task<OrchestrationMetadata> DeleteAsync(Life life, RequestKey key, bool arrayLost = false)
    {
        Assert.Equal(202, (await SendAsync(life, key, arrayLost)).Status);
        return await life.Get<DurableEngine>().PumpAsync(DeleteSnapshotInput.InstanceOf(key).Value, Cancellation);
    }

    private static Task<(int Status, string Location, string Answer)> SendAsync(Life life, RequestKey key, bool arrayLost = false) => SendAsync(life, key, arrayLost ? "?arrayLost=true" : null);

    private static Task<(int Status, string Location, string Answer)> SendAsync(Life life, RequestKey key, string? query) => life.SendAsync(
        $"/api/snapshots/{key.Uuid}", "",
        (request, client) =>
        {
            if (query is not null)
            {
                request.QueryString = new Microsoft.AspNetCore.Http.QueryString(query);
                request.HttpContext.User = new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity([new(System.Security.Claims.ClaimTypes.Role, "operator")], "test"));
            }

            return life.Get<DeletionTriggers>().DeleteAsync(request, key.Uuid, client, Cancellation);
        },
        Cancellation);

    private static string[] Files(CrashWorld world) => Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories);
}
