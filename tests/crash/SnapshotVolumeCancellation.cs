using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A wish to cancel may come at any moment: it ends clean, as cancelled before the commit point and as BackedUp after it.</summary>
public sealed class SnapshotVolumeCancellation
{
    [Theory]
    [InlineData("none", null, 3)]
    [InlineData("hook", null, 3)]
    [InlineData("none", "stream", 4)]
    public async Task A_cancel_at_any_moment_ends_clean(string quiesce, string? copy, int step)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var faults = new List<string>();
        var cancelled = 0;
        for (var moment = 4; ; moment += step)
        {
            using var world = new CrashWorld(new WorldOptions { Quiesce = quiesce, Copy = copy });
            var counter = CrashSwitch.Never;
            await using var life = new Life(world, counter);
            var id = await life.PostAsync(cancellation);
            var engine = life.Get<DurableEngine>();
            var client = life.Get<DurableTaskClient>();
            try
            {
                await engine.PumpAsync(() => counter.Seen >= moment, cancellation);
            }
            catch (PumpStalledException)
            {
                // It ended before this moment came: every moment there is has been tried.
                break;
            }

            var raise = client.RaiseEventAsync(id, "Cancel", "test", cancellation);
            await engine.PumpAsync(() => raise.IsCompleted, cancellation);
            await raise;
            var ended = await engine.PumpAsync(id, cancellation);
            faults.AddRange((await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: false, cancellation)).Select(fault => $"cancel at {moment}: {fault}"));
            var status = ended.ReadCustomStatusAs<SnapshotStatus>()!;
            if (ended.RuntimeStatus == OrchestrationRuntimeStatus.Failed)
            {
                cancelled++;
                if (status.Failure?.Code != "cancelled") faults.Add($"cancel at {moment}: ended with {status.Failure?.Code}: {status.Failure?.Message}");
            }
        }

        Assert.True(cancelled > 20, $"only {cancelled} cancels came before the commit point");
        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(40)));
    }
}
