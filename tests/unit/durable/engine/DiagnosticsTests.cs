using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Entities;
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

    /// <summary>Calls are taken up before any turn is: the instance is not in memory then, nor is it where another node runs the call.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Attempts_that_are_taken_up_at_a_start_belong_to_the_trace_too_and_bear_its_state(bool isHubAway)
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "SnapshotWorkflows.Durable" or "test.taken",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource("test.taken");
        var hasCode = false;
        await using var bench = new EngineBench(registry =>
        {
            registry.AddOrchestrator("Taken", default, () => new Code(async context => await context.CallSubOrchestratorAsync<int>("Child")))
                .AddOrchestrator("Child", default, () => new Code(async context =>
                    (await Task.WhenAll(context.CallActivityAsync<string>(nameof(Step), "x"), context.CallActivityAsync<string>(nameof(Step), "y"))).Length));
            if (hasCode)
                registry.AddActivity<Step>();
        });
        ActivityTraceId trace;
        using (var request = source.StartActivity("request")!)
        {
            request.TraceStateString = "vendor=1";
            trace = request.TraceId;
            await bench.StartAsync("Taken");
        }
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Empty(bench.Journal.Lines);
        await bench.RestartAsync();
        hasCode = true;
        if (isHubAway)
            bench.Decorate = hub => new MeddlingHub(int.MaxValue) { StartFailure = new TimeoutException("the hub is away") }.Over(hub);
        Assert.Equal(2, (await bench.Engine.PumpAsync("taken", Token)).ReadOutputAs<int>());
        var attempts = spans.Where(span => span.OperationName == "activity:Step" && span.TraceId == trace).ToArray();
        Assert.Equal(isHubAway ? 0 : 2, attempts.Length);
        Assert.All(attempts, span => Assert.Equal("vendor=1", span.TraceStateString));
        Assert.Equal(["vendor=1", "vendor=1"], spans.Where(span => span.OperationName.StartsWith("orchestration:", StringComparison.Ordinal) && span.TraceId == trace).Select(span => span.TraceStateString));
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

    [Fact]
    public async Task Lines_of_orchestrators_are_written_once_and_name_their_instance_as_those_of_entities_and_activities_do()
    {
        var lines = new ScopedLines();
        await using var bench = new EngineBench(registry => registry
            .AddActivity("Says", default, services => new Says(services.GetRequiredService<ILoggerFactory>()))
            .AddEntity("Box", services => new Talkative(services.GetRequiredService<ILoggerFactory>()))
            .AddOrchestrator("Tells", default, () => new Code(async context =>
            {
                var logger = context.CreateReplaySafeLogger("Told");
                Line(logger, "begins");
                await context.WaitForExternalEvent<string>("go");
                Line(logger, "goes on");
                await context.CallActivityAsync<string>("Says", "x");
                await context.Entities.CallEntityAsync(new EntityInstanceId("Box", "b"), "Say");
                Line(context.CreateReplaySafeLogger<DiagnosticsTests>(), "ends");
                return null;
            })))
        {
            ConfigureServices = services => services.AddSingleton<ILoggerFactory>(lines),
        };
        await bench.StartAsync("Tells");
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.RestartAsync();
        await bench.Client.RaiseEventAsync("tells", "go", "x", Token);
        await bench.Engine.PumpAsync("tells", Token);
        Assert.Equal(["begins of tells", "goes on of tells", "at work of tells", "in the box of @box@b", "ends of tells"], lines.Told);
    }

#pragma warning disable CA1848, CA2254 // a test's own line
    private static void Line(ILogger logger, string text) => logger.LogInformation(text);
#pragma warning restore CA1848, CA2254

    private sealed class Says(ILoggerFactory loggers) : TaskActivity<string, string>
    {
        public override Task<string> RunAsync(TaskActivityContext context, string input)
        {
            Line(loggers.CreateLogger("Told"), "at work");
            return Task.FromResult(input);
        }
    }

    private sealed class Talkative(ILoggerFactory loggers) : TaskEntity<int>
    {
        public void Say() => Line(loggers.CreateLogger("Told"), "in the box");
    }

    /// <summary>Keeps lines of the tests, each with the instance of the scopes around it.</summary>
    private sealed class ScopedLines : ILoggerFactory
    {
        private readonly LoggerExternalScopeProvider _scopes = new();
        private readonly ConcurrentQueue<string> _told = new();

        public IEnumerable<string> Told => _told;

        public ILogger CreateLogger(string categoryName) => new Lines(this, categoryName);

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("the lines are kept here");

        public void Dispose()
        {
            // Nothing is held.
        }

        private sealed class Lines(ScopedLines all, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state) where TState : notnull => all._scopes.Push(state);

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (category.StartsWith("SnapshotWorkflows.Durable.", StringComparison.Ordinal))
                    return;
                var instances = new List<object?>();
                all._scopes.ForEachScope((scope, found) => found.AddRange((scope as IEnumerable<KeyValuePair<string, object>>)?.Where(one => one.Key == "InstanceId").Select(one => one.Value) ?? []), instances);
                all._told.Enqueue($"{formatter(state, exception)} of {string.Join(',', instances)}");
            }
        }
    }

    private static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var parts = new List<string>();
        foreach (var (key, value) in tags)
            parts.Add($"{key}={value}");
        return string.Join(' ', parts);
    }
}
