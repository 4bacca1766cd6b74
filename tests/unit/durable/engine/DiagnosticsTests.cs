using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class DiagnosticsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Attempts_and_instance_belong_to_the_trace_of_whoever_started_it_also_after_a_restart()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "SnapshotWorkflows.Durable" or "test.traces",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource("test.traces");
        await using var bench = new EngineBench(registry => registry.AddOrchestrator("Traced", default, () => new Code(async context =>
        {
            await context.WaitForExternalEvent<string>("go");
            return await context.CallActivityAsync<string>(nameof(Step), "x");
        })).AddActivity<Step>());
        ActivityTraceId trace;
        using (var request = source.StartActivity("request")!)
        {
            trace = request.TraceId;
            await bench.StartAsync("Traced");
        }
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.RestartAsync();
        await bench.Client.RaiseEventAsync("traced", "go", "x", Token);
        await bench.Engine.PumpAsync("traced", Token);
        var mine = spans.Where(span => span.TraceId == trace).Select(span => span.OperationName).Order(StringComparer.Ordinal);
        Assert.Equal(["activity:Step", "create_orchestration:Traced", "orchestration:Traced", "request"], mine);
        var attempt = spans.Single(span => span.TraceId == trace && span.OperationName == "activity:Step");
        Assert.Equal("traced", attempt.GetTagItem("durabletask.task.instance_id"));
    }

    [Fact]
    public async Task Turns_attempts_and_ends_are_counted_under_closed_tags()
    {
        var seen = new ConcurrentQueue<(string Name, string? Unit, string Tags)>();
        await using var bench = new EngineBench(registry => registry.AddOrchestrator<Retrying>().AddActivity<Flaky>());
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument.Meter.Name == "SnapshotWorkflows.Durable") self.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => seen.Enqueue((instrument.Name, instrument.Unit, Text(tags))));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => seen.Enqueue((instrument.Name, instrument.Unit, Text(tags))));
        listener.SetMeasurementEventCallback<int>((instrument, _, tags, _) => seen.Enqueue((instrument.Name, instrument.Unit, Text(tags))));
        listener.Start();
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await bench.RunAsync<Retrying>(1)).RuntimeStatus);
        listener.RecordObservableInstruments();
        Assert.Contains(("snapshotworkflows.durable.activity.duration", "s", "activity=Flaky outcome=failed"), seen);
        Assert.Contains(("snapshotworkflows.durable.activity.duration", "s", "activity=Flaky outcome=completed"), seen);
        Assert.Contains(("snapshotworkflows.durable.instances.ended", "{instance}", "status=Completed"), seen);
        Assert.Contains(("snapshotworkflows.durable.turns", "{turn}", ""), seen);
        Assert.Contains(("snapshotworkflows.durable.runnable.age", "s", ""), seen);
    }

    private static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var parts = new List<string>();
        foreach (var (key, value) in tags)
            parts.Add($"{key}={value}");
        return string.Join(' ', parts);
    }
}
