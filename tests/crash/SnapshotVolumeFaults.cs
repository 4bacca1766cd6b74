using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Every call that changes an appliance goes wrong once, in each of three ways; whatever the end is, nothing is left.</summary>
public sealed class SnapshotVolumeFaults(ITestOutputHelper output)
{
    /// <summary>Calls that are made after the commit point too, where a failure is retried and no longer fails the snapshot, or that are retried in any case.</summary>
    private static readonly string[] s_reads = [".Get", ".List", "session.", "SR.probe", ".get_", "event.", "system.", "cloudstack.", "hook.state", "export_raw_vdi"];

    [Theory]
    [InlineData("8", FaultAction.DropAnswer)]
    [InlineData("8", FaultAction.DropRequest)]
    [InlineData("7.1", FaultAction.DropAnswer)]
    public async Task A_lost_request_or_answer_at_any_call_is_found_out_and_made_good(string version, FaultAction action)
    {
        var faults = await AtEveryCallAsync(new WorldOptions { ProductVersion = version, Quiesce = "hook" }, (call, occurrence) => new FaultSpecification
        {
            System = call.System, Method = call.Method, Occurrence = occurrence, Action = action,
        }, mustSucceed: true);
        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults));
    }

    [Fact]
    public async Task A_refusal_at_any_call_ends_failed_or_made_good_and_clean()
    {
        var faults = await AtEveryCallAsync(new WorldOptions { Quiesce = "hook" }, (call, occurrence) => new FaultSpecification
        {
            System = call.System, Method = call.Method, Occurrence = occurrence, Action = FaultAction.Fail,
            ErrorName = call.System switch { "solidfire" => "xPermissionDenied", "xenserver" => "RBAC_PERMISSION_DENIED", _ => "hook.failed" },
        }, mustSucceed: false);
        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults));
    }

    /// <summary>Longer than a guest may be frozen, and that again: it runs in between, and the snapshot is taken in a freeze that held.</summary>
    [Theory]
    [InlineData(FaultAction.DropRequest)]
    [InlineData(FaultAction.DropAnswer)]
    public async Task An_array_that_takes_no_snapshot_for_a_while_is_asked_again_in_another_freeze(FaultAction action)
    {
        using var world = new CrashWorld(new WorldOptions { Quiesce = "hook", CopyBytesPerSecond = null });
        foreach (var method in (string[])["CreateSnapshot", "ListSnapshots"])
            world.Faults.Add(new FaultSpecification { System = "solidfire", Method = method, Occurrence = method == "CreateSnapshot" ? 1 : 2, Times = 16, Action = method == "CreateSnapshot" ? action : FaultAction.DropRequest });
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await life.RunAsync(TestContext.Current.CancellationToken);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: true, TestContext.Current.CancellationToken));
        Assert.Equal("quiesced", ended.ReadCustomStatusAs<Contracts.SnapshotStatus>()!.Consistency);
        Assert.True(world.Faults.CallsOf("hook", "freeze") >= 2, "one freeze was enough: the array was not away for long enough");
    }

    /// <summary>No agent, and none that thaws: neither may keep the volume, or a place on the array, for ever.</summary>
    [Theory]
    [InlineData("freeze thaw", FaultAction.HttpStatus, false)]
    [InlineData("thaw", FaultAction.DropRequest, true)]
    [InlineData("thaw", FaultAction.HttpStatus, true)]
    public async Task An_agent_that_is_not_there_or_dies_while_the_guest_is_frozen_ends_the_request(string methods, FaultAction action, bool succeeds)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var world = new CrashWorld(new WorldOptions { Quiesce = "hook", CopyBytesPerSecond = null });
        foreach (var method in methods.Split(' ')) world.Faults.Add(new FaultSpecification { System = "hook", Method = method, Action = action, Status = 404, Times = FaultSpecification.ForEver });
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await life.RunAsync(cancellation);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: succeeds, cancellation));
        if (succeeds) Assert.Equal("crash", ended.ReadCustomStatusAs<Contracts.SnapshotStatus>()!.Consistency);
        else Assert.Equal("quiesce.unknown-vm", Contracts.StepFault.From(ended.FailureDetails!).Code);
        var admission = (await life.Get<DurableTaskClient>().Entities.GetEntityAsync<Contracts.AdmissionState>(Contracts.AdmissionEntity.Id, cancellation))!.State;
        Assert.Empty(admission.Granted);
        Assert.Empty(admission.Waiting);
    }

    [Fact]
    public async Task A_copy_that_writes_zeros_for_one_extent_fails_the_snapshot_and_leaves_nothing()
    {
        using var world = new CrashWorld();
        world.Faults.Add(new FaultSpecification { System = "xenserver", Method = "VDI.copy", Action = FaultAction.ZeroExtent, Offset = 4608 << 10, Length = 64 << 10 });
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await life.RunAsync(TestContext.Current.CancellationToken);
        Assert.True(world.Faults.AllFired());
        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Equal("verify.mismatch", ended.ReadCustomStatusAs<Contracts.SnapshotStatus>()!.Failure!.Code);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: false, TestContext.Current.CancellationToken));
    }

    private async Task<List<string>> AtEveryCallAsync(WorldOptions options, Func<(string System, string Method), int, FaultSpecification> plan, bool mustSucceed)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var calls = await CallsOfACleanRunAsync(options, cancellation);
        var faults = new List<string>();
        var worlds = 0;
        foreach (var (name, count) in calls)
        {
            var dot = name.IndexOf('.', StringComparison.Ordinal);
            for (var occurrence = 1; occurrence <= count; occurrence++)
            {
                worlds++;
                using var world = new CrashWorld(options);
                world.Faults.Add(plan((name[..dot], name[(dot + 1)..]), occurrence));
                await using var life = new Life(world, CrashSwitch.Never);
                try
                {
                    var ended = await life.RunAsync(cancellation);
                    faults.AddRange((await WorldChecker.FaultsAsync(world, life, ended, mustSucceed, cancellation)).Select(fault => $"{name} #{occurrence}: {fault}"));
                    if (!world.Faults.AllFired()) faults.Add($"{name} #{occurrence}: the fault did not fire");
                }
                catch (Exception stuck) when (stuck is not OperationCanceledException)
                {
                    faults.Add($"{name} #{occurrence}: {stuck.GetType().Name}: {stuck.Message}");
                }
            }
        }

        output.WriteLine($"{worlds} worlds with one fault each, over {calls.Count} kinds of call");
        Console.WriteLine($"fault explorer: {worlds} worlds with one fault each");
        Assert.True(worlds > 20, $"only {worlds} calls were found: the explorer does not see the workflow");
        return faults;
    }

    private static async Task<List<(string Name, int Count)>> CallsOfACleanRunAsync(WorldOptions options, CancellationToken cancellation)
    {
        using var world = new CrashWorld(options);
        var before = world.Faults.Calls;
        await using var life = new Life(world, CrashSwitch.Never);
        await life.RunAsync(cancellation);
        return [.. world.Faults.Calls
            .Where(call => !s_reads.Any(read => call.Key.Contains(read, StringComparison.Ordinal)))
            .Select(call => (call.Key, call.Value - before.GetValueOrDefault(call.Key)))
            .Where(call => call.Item2 > 0)];
    }
}
