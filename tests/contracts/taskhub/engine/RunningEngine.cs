using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Converters;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Durable.TaskHubs.Postgres;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>An engine with threads and time of its own on PostgreSQL, as in a program. What breaks here are real connections, hence the real clock.</summary>
internal sealed class RunningEngine : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private RunningEngine(ServiceProvider services) => _services = services;

    public DurableTaskClient Client => _services.GetRequiredService<DurableTaskClient>();

    public DurableEngine Engine => _services.GetRequiredService<DurableEngine>();

    public static Task<RunningEngine> StartAsync(string connection, string hubName, Action<DurableEngineOptions>? configure = null, Action<string>? worked = null, TimeSpan? patience = null, LogEvents? log = null) => StartAsync(
        new PostgresTaskHub(
            new PostgresHubOptions
            {
                ConnectionString = connection, HubName = hubName, PollInterval = TimeSpan.FromMilliseconds(200), Lease = TimeSpan.FromSeconds(30), Patience = patience ?? TimeSpan.FromSeconds(60),
            },
            TimeProvider.System),
        configure, worked, log);

    /// <param name="hub">Goes with the engine.</param>
    /// <param name="time">The hub's; the real one if null.</param>
    public static async Task<RunningEngine> StartAsync(ITaskHub hub, Action<DurableEngineOptions>? configure = null, Action<string>? worked = null, LogEvents? log = null, TimeProvider? time = null)
    {
        var services = new ServiceCollection()
            .AddSingleton(time ?? TimeProvider.System)
            .AddSingleton(_ => hub)
            .AddSingleton<DataConverter, RawConverter>()
            .AddDurableTask(
                registry => registry.AddOrchestrator("Order", default, () => new Order()).AddOrchestrator("Parcel", default, () => new Parcel()).AddOrchestrator("Wide", default, () => new Wide()).AddOrchestrator("Unwritable", default, () => new Unwritable())
                    .AddOrchestrator("Spoils", default, () => new Spoils()).AddOrchestrator("Reads", default, () => new Reads()).AddEntity("Ledger", _ => new Ledger())
                    .AddOrchestrator("Moody", default, () => new Moody()).AddOrchestrator("Naps", default, () => new Naps())
                    .AddOrchestrator("Chain", default, () => new Chain())
                    .AddActivity("Work", default, _ => new Work(worked)).AddActivity("Slow", default, _ => new Slow(worked)).AddEntity("Count", _ => new Count()),
                options =>
                {
                    options.HubRetryDelay = TimeSpan.FromMilliseconds(100);
                    configure?.Invoke(options);
                },
                start: false)
            .AddLogging(logging =>
            {
                logging.ClearProviders();
                if (log is not null)
                    logging.AddProvider(log);
            })
            .BuildServiceProvider();
        var running = new RunningEngine(services);
        await running.Engine.StartAsync(CancellationToken.None);
        return running;
    }

    /// <summary>One end of each call, timer, child and entity call that was begun, and one end of the whole.</summary>
    public async Task AssertEndedOnceAsync(string id, CancellationToken cancellation)
    {
        var end = await Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, cancellation);
        Assert.Equal((OrchestrationRuntimeStatus.Completed, "\"0 1 2 3 go 42\""), (end.RuntimeStatus, end.SerializedOutput));
        var history = await Client.GetOrchestrationHistoryAsync(id, cancellation);
        Assert.Equal([0, 2, 3, 4], history.OfType<TaskCompletedEvent>().Select(one => one.TaskScheduledId).Order());
        Assert.Equal([1], history.OfType<TimerFiredEvent>().Select(one => one.TimerId));
        Assert.Single(history.OfType<SubOrchestrationInstanceCompletedEvent>());
        Assert.Single(history.OfType<EventRaisedEvent>());
        Assert.Single(history.OfType<EntityOperationCompletedEvent>());
        Assert.Single(history.OfType<ExecutionCompletedEvent>());
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private sealed class Order : TaskOrchestrator<int, string>
    {
        public override async Task<string> RunAsync(TaskOrchestrationContext context, int input)
        {
            var first = await context.CallActivityAsync<int>("Work", 0);
            await context.CreateTimer(TimeSpan.FromMilliseconds(20), CancellationToken.None);
            var rest = await Task.WhenAll(Enumerable.Range(1, 3).Select(part => context.CallActivityAsync<int>("Work", part)));
            var word = await context.WaitForExternalEvent<string>("Go");
            var child = await context.CallSubOrchestratorAsync<int>("Parcel", 40);
            var counted = await context.Entities.CallEntityAsync<int>(new EntityInstanceId("Count", context.InstanceId), "Add", 2);
            return $"{first} {string.Join(' ', rest)} {word} {child + counted}";
        }
    }

    /// <summary>Calls that follow one another: each turn goes by itself.</summary>
    private sealed class Chain : TaskOrchestrator<int, int>
    {
        public override async Task<int> RunAsync(TaskOrchestrationContext context, int input)
        {
            var last = 0;
            for (var part = 1; part <= input; part++)
                last = await context.CallActivityAsync<int>("Work", part);
            return last;
        }
    }

    private sealed class Parcel : TaskOrchestrator<int, int>
    {
        public override Task<int> RunAsync(TaskOrchestrationContext context, int input) => Task.FromResult(input);
    }

    /// <summary>Sends to an entity that cannot be: its commit never works.</summary>
    private sealed class Unwritable : TaskOrchestrator<int, int>
    {
        public override async Task<int> RunAsync(TaskOrchestrationContext context, int input)
        {
            context.SendEvent("nobody\0", "hello", 1);
            return await context.WaitForExternalEvent<int>("never");
        }
    }

    /// <summary>Tells its mood, and fails if it is odd.</summary>
    private sealed class Moody : TaskOrchestrator<int, int>
    {
        public override async Task<int> RunAsync(TaskOrchestrationContext context, int input)
        {
            context.SetCustomStatus(new { mood = input });
            await context.CallActivityAsync<int>("Work", input);
            return input % 2 == 0 ? input : throw new InvalidOperationException("odd", new FormatException("inner"));
        }
    }

    private sealed class Naps : TaskOrchestrator<TimeSpan, int>
    {
        public override async Task<int> RunAsync(TaskOrchestrationContext context, TimeSpan input)
        {
            await context.CreateTimer(input, CancellationToken.None);
            return 1;
        }
    }

    private sealed class Spoils : TaskOrchestrator<string, string>
    {
        public override async Task<string> RunAsync(TaskOrchestrationContext context, string input)
        {
            try
            {
                await context.Entities.CallEntityAsync(new EntityInstanceId("Ledger", input), "Spoil");
                return "";
            }
            catch (EntityOperationFailedException failure)
            {
                return $"{failure.FailureDetails.ErrorType}: {failure.FailureDetails.ErrorMessage}";
            }
        }
    }

    private sealed class Reads : TaskOrchestrator<string, int>
    {
        public override Task<int> RunAsync(TaskOrchestrationContext context, string input) => context.Entities.CallEntityAsync<int>(new EntityInstanceId("Ledger", input), "Count");
    }

    private sealed class Ledger : TaskEntity<string>
    {
        /// <summary>What is spoilt stays so, or an operation of the same batch would mend it before the hub is asked.</summary>
        public void Add(string line) => State = State == RawConverter.NoText ? State : State + line;

        public int Count() => State.Length;

        public void Spoil() => State = RawConverter.NoText;

        protected override string InitializeState(TaskEntityOperation entityOperation) => "";
    }

    /// <summary>JSON, but for one text, that no JSON is and PostgreSQL does not take.</summary>
    private sealed class RawConverter : DataConverter
    {
        public const string NoText = "a\0b";

        public override string? Serialize(object? value) => value is NoText ? NoText : JsonDataConverter.Default.Serialize(value);

        public override object? Deserialize(string? data, Type targetType) => JsonDataConverter.Default.Deserialize(data, targetType);
    }

    private sealed class Wide : TaskOrchestrator<int, int>
    {
        public override async Task<int> RunAsync(TaskOrchestrationContext context, int input) =>
            (await Task.WhenAll(Enumerable.Range(0, input).Select(part => context.CallActivityAsync<int>("Slow", part)))).Length;
    }

    /// <summary>Takes its time, so that others wait: real time, for hub and server have no other.</summary>
    private sealed class Slow(Action<string>? worked) : TaskActivity<int, int>
    {
        public override async Task<int> RunAsync(TaskActivityContext context, int input)
        {
            worked?.Invoke(context.InstanceId);
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            return input;
        }
    }

    private sealed class Work(Action<string>? worked) : TaskActivity<int, int>
    {
        public override Task<int> RunAsync(TaskActivityContext context, int input)
        {
            worked?.Invoke(context.InstanceId);
            return Task.FromResult(input);
        }
    }

    private sealed class Count : TaskEntity<int>
    {
        public int Add(int amount) => State += amount;
    }
}
