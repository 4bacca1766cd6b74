using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>Code of anybody's that throws where nobody expects it: what it belongs to ends visibly, once, and the rest goes on.</summary>
public sealed class BrokenCodeTests
{
    private static readonly EntityInstanceId s_pot = new(nameof(Pot), "p");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Properties_of_any_type_are_kept_with_a_failure_and_read_again()
    {
        await using var bench = Bench(registry => registry.AddOrchestrator("Catches", default, () => new Code(async context =>
        {
            try
            {
                await context.CallActivityAsync("Fails", "x");
                return "not reached";
            }
            catch (TaskFailedException failure)
            {
                return string.Join(' ', failure.FailureDetails.Properties!.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Key}={one.Value}"));
            }
        })), new Provider(_ => new Dictionary<string, object?>
        {
            ["amount"] = 1.5m,
            ["day"] = DayOfWeek.Friday,
            ["id"] = Guid.Empty,
            ["infinite"] = double.PositiveInfinity,
            ["list"] = new List<int> { 1, 2 },
            ["nested"] = new Dictionary<string, object> { ["deep"] = 2.5f },
            ["none"] = null,
            ["self"] = new Circle(),
            ["text"] = "plain",
        }));
        var expected = """amount=1.5 day=5 id=00000000-0000-0000-0000-000000000000 infinite=∞ list=[1,2] nested={"deep":2.5} none= self=a circle text=plain""";
        Assert.Equal(expected.Replace("∞", double.PositiveInfinity.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal), (await bench.RunAsync("Catches")).ReadOutputAs<string>());
        await bench.RestartAsync();
        var failed = Assert.Single((await bench.Client.GetOrchestrationHistoryAsync("catches", Token)).OfType<TaskFailedEvent>());
        Assert.Equal("""{"deep":2.5}""", failed.FailureDetails!.Properties!["nested"]!.ToString());
    }

    [Fact]
    public async Task Failures_of_orchestrators_and_operations_keep_such_properties_too()
    {
        await using var bench = Bench(
            registry => registry.AddEntity<Pot>()
                .AddOrchestrator("Throws", default, () => new Code(_ => throw new InvalidDataException("x")))
                .AddOrchestrator("Calls", default, () => new Code(async context => await context.Entities.CallEntityAsync<int>(s_pot, "Break"))),
            new Provider(_ => new Dictionary<string, object?> { ["amount"] = 1.5m }));
        Assert.Equal("1.5", (await bench.RunAsync("Throws")).FailureDetails!.Properties!["amount"]!.ToString());
        Assert.Equal("1.5", (await bench.RunAsync("Calls")).FailureDetails!.Properties!["amount"]!.ToString());
    }

    [Fact]
    public async Task A_call_whose_failure_cannot_be_told_ends_as_failed_and_gives_its_place_back()
    {
        await using var bench = Bench(
            registry => registry.AddActivityFunc("Untold", Throws(() => new Untold())).AddOrchestrator("Goes on", default, () => new Code(async context =>
            {
                var told = new List<string>();
                for (var call = 0; call < 3; call++)
                {
                    try
                    {
                        await context.CallActivityAsync("Untold", "x");
                    }
                    catch (TaskFailedException failure)
                    {
                        told.Add($"{failure.FailureDetails.ErrorMessage} {failure.FailureDetails.Properties!.Single().Value}");
                    }
                }
                return string.Join(' ', told.Distinct()) + await context.CallActivityAsync<string>(nameof(Step), " beside");
            })),
            new Provider(_ => throw new FormatException("no properties")));
        bench.Configure = options => options.MaxConcurrentActivities = 1;
        await bench.Engine.StartAsync(Token);
        await bench.StartAsync("Goes on");
        var end = await bench.Client.WaitForInstanceCompletionAsync("goes on", getInputsAndOutputs: true, Token).WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.Equal("(it cannot be told: System.InvalidOperationException) System.FormatException beside!", end.ReadOutputAs<string>());
        await bench.Engine.StopAsync(Token);
    }

    [Fact]
    public async Task A_call_that_has_succeeded_stays_so_when_it_cannot_be_disposed()
    {
        await using var bench = Bench(
            registry => registry.AddActivity("Leaves", default, services => new Leaves(services.GetRequiredService<Journal>(), services.GetRequiredService<Unclosable>()))
                .AddOrchestrator("Once", default, () => new Code(async context => await context.CallActivityAsync<string>("Leaves", "x", TaskOptions.FromRetryPolicy(new RetryPolicy(3, TimeSpan.FromSeconds(1)))))));
        Assert.Equal("done", (await bench.RunAsync("Once")).ReadOutputAs<string>());
        Assert.Equal(["works", "closes", "closes the rest"], bench.Journal.Lines);
    }

    [Fact]
    public async Task Operations_count_once_when_their_entity_or_its_scope_cannot_be_disposed()
    {
        await using var bench = Bench(registry => registry
            .AddEntity("Leaky", services => new Leaky(services.GetRequiredService<Journal>(), services.GetRequiredService<Unclosable>()))
            .AddOrchestrator("Calls", default, () => new Code(async context => await context.Entities.CallEntityAsync<int>(new EntityInstanceId("Leaky", "l"), "Add", 2))));
        Assert.Equal(2, (await bench.RunAsync("Calls")).ReadOutputAs<int>());
        Assert.Equal(["adds", "closes", "closes the rest"], bench.Journal.Lines);
    }

    [Fact]
    public async Task A_batch_that_always_breaks_outside_its_operations_says_so_and_fails_after_so_many_times()
    {
        await using var bench = Bench(
            registry => registry.AddEntity<Pot>().AddOrchestrator("Calls", default, () => new Code(async context =>
            {
                try
                {
                    await context.Entities.CallEntityAsync<int>(s_pot, "Break");
                    return "not reached";
                }
                catch (EntityOperationFailedException failure)
                {
                    return $"{failure.FailureDetails.ErrorType}: {failure.FailureDetails.ErrorMessage}";
                }
            })),
            loggers: new Loggers((id, _) => id == 1121 ? throw new IOException("no place for lines") : true));
        var end = (await bench.RunAsync("Calls")).ReadOutputAs<string>()!;
        Assert.StartsWith("PoisonOperation", end, StringComparison.Ordinal);
        Assert.Contains("broke 6 times", end, StringComparison.Ordinal);
        Assert.Contains("no place for lines", end, StringComparison.Ordinal);
        Assert.Equal(6, bench.Journal.Lines.Count);
    }

    [Fact]
    public async Task An_end_that_the_hub_does_not_take_fails_its_call_and_is_not_written_for_ever()
    {
        var (begun, may) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var bench = Bench(registry => registry
            .AddActivityFunc<string, string>("Waits", async (_, _) =>
            {
                begun.TrySetResult();
                await may.Task;
                return "untakable";
            })
            .AddOrchestrator("Calls", default, () => new Code(async context =>
            {
                try
                {
                    return await context.CallActivityAsync<string>("Waits", "x");
                }
                catch (TaskFailedException failure)
                {
                    return $"{failure.FailureDetails.ErrorType}: {failure.FailureDetails.ErrorMessage}";
                }
            })));
        var (refused, suspended) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        bench.Decorate = hub => new MeddlingHub(int.MaxValue)
        {
            OnWrite = write =>
            {
                if (write is CommitTurn { Status: OrchestrationRuntimeStatus.Suspended })
                    suspended.TrySetResult();
                if (write is not StoreCompletion { Event: TaskCompletedEvent { Result: "\"untakable\"" } })
                    return write;
                refused.TrySetResult();
                throw new NotSupportedException("no such type");
            },
        }.Over(hub);
        bench.Configure = options => options.HubRetryDelay = TimeSpan.Zero;
        await bench.Engine.StartAsync(Token);
        await bench.StartAsync("Calls");
        await begun.Task.WaitAsync(Token);
        // A suspended instance takes no end: it is kept by itself. An end that comes while that turn is being written waits for it.
        await bench.Client.SuspendInstanceAsync("calls", Token);
        await suspended.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
        may.SetResult();
        await refused.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
        await bench.Client.ResumeInstanceAsync("calls", Token);
        var end = await bench.Client.WaitForInstanceCompletionAsync("calls", getInputsAndOutputs: true, Token).WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.Equal("PoisonActivity: What the activity came to cannot be written: System.NotSupportedException: no such type", end.ReadOutputAs<string>());
        await bench.Engine.StopAsync(Token);
    }

    [Fact]
    public async Task Instances_that_break_when_they_begin_anew_end_and_the_engine_goes_on()
    {
        await using var bench = Bench(registry => registry
            .AddOrchestrator("Breaks", default, () => new Code(async context =>
            {
                if (context.GetInput<string>() == "again")
                    BreakTurn("begun anew in vain");
                await context.WaitForExternalEvent<string>("go");
                context.ContinueAsNew("again");
                return null;
            }))
            .AddOrchestrator("Reads", default, () => new Code(async context =>
            {
                if (context.GetInput<string>() == "again")
                    return await context.WaitForExternalEvent<Strict>("odd");
                await context.WaitForExternalEvent<string>("go");
                context.ContinueAsNew("again");
                return null;
            })));
        await bench.Engine.StartAsync(Token);
        // Many at once, so that they share transactions which are written beside the dispatcher.
        (string Name, string Id)[] all = [.. Enumerable.Range(0, 40).Select(number => (number % 2 == 0 ? "Breaks" : "Reads", $"i{number}"))];
        await Task.WhenAll(all.Select(one => bench.Client.ScheduleNewOrchestrationInstanceAsync(one.Name, null, new StartOrchestrationOptions(one.Id), Token)));
        await Task.WhenAll(all.Select(one => bench.Client.RaiseEventAsync(one.Id, "odd", "x", Token)));
        await Task.WhenAll(all.Select(one => bench.Client.RaiseEventAsync(one.Id, "go", "x", Token)));
        foreach (var (name, id) in all)
        {
            var end = await bench.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Token).WaitAsync(TimeSpan.FromSeconds(20), Token);
            Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
            Assert.Contains(name == "Breaks" ? "begun anew in vain" : "only upper case", end.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
        }
        Assert.False(bench.Engine.Completion.IsFaulted);
        await bench.Engine.StopAsync(Token);
    }

    [Fact]
    public async Task An_event_or_result_that_cannot_be_read_is_told_to_whoever_awaits_it()
    {
        await using var bench = Bench(registry => registry.AddOrchestrator("Tolerant", default, () => new Code(async context =>
        {
            var told = new List<string>();
            foreach (var task in (Func<Task>[])[() => context.WaitForExternalEvent<Strict>("odd"), () => context.CallActivityAsync<Strict>(nameof(Step), "y")])
            {
                try
                {
                    await task();
                }
                catch (InvalidOperationException unread)
                {
                    told.Add(unread.InnerException!.Message);
                }
            }
            return string.Join(' ', told) + await context.WaitForExternalEvent<string>("odd");
        })));
        bench.Configure = options => options.OnNonDeterminism = NonDeterminismAction.Suspend;
        await bench.StartAsync("Tolerant");
        await bench.Client.RaiseEventAsync("tolerant", "odd", "x", Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.RestartAsync();
        await bench.Client.RaiseEventAsync("tolerant", "odd", "!", Token);
        Assert.Equal("only upper case, not x only upper case, not y!!", (await bench.Engine.PumpAsync("tolerant", Token)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_input_that_cannot_be_read_fails_its_instance()
    {
        await using var bench = Bench(registry => registry.AddOrchestratorFunc<Strict, string>("Fussy", (_, input) => Task.FromResult(input.Text)));
        await bench.StartAsync("Fussy", "x");
        var end = await bench.Engine.PumpAsync("fussy", Token);
        Assert.Equal((OrchestrationRuntimeStatus.Failed, typeof(ArgumentException).FullName), (end.RuntimeStatus, end.FailureDetails!.ErrorType));
        Assert.Contains("only upper case, not x", end.FailureDetails.ErrorMessage, StringComparison.Ordinal);
    }

    private static EngineBench Bench(Action<DurableTaskRegistry> more, IExceptionPropertiesProvider? provider = null, ILoggerFactory? loggers = null) => new(registry =>
    {
        registry.AddActivity<Step>().AddActivityFunc("Fails", Throws(() => new InvalidDataException("x")));
        more(registry);
    })
    {
        ConfigureServices = services =>
        {
            services.AddScoped<Unclosable>();
            if (provider is not null)
                services.AddSingleton(provider);
            if (loggers is not null)
                services.AddSingleton(loggers);
        },
    };

    private static Func<TaskActivityContext, string, string> Throws(Func<Exception> what) => (_, _) => throw what();

    /// <summary>As an async void method of an orchestrator that throws.</summary>
#pragma warning disable VSTHRD001 // there is no main thread, and the context is the turn's own
    private static void BreakTurn(string why) => SynchronizationContext.Current!.Post(_ => throw new InvalidDataException(why), null);
#pragma warning restore VSTHRD001

    private sealed class Provider(Func<Exception, IDictionary<string, object?>?> of) : IExceptionPropertiesProvider
    {
        public IDictionary<string, object?>? GetExceptionProperties(Exception exception) => of(exception);
    }

    private sealed class Circle
    {
        public Circle Self => this;

        public override string ToString() => "a circle";
    }

    private sealed class Untold : Exception
    {
        public override string Message => throw new InvalidOperationException("no message");
    }

    private sealed class Unclosable(Journal journal) : IDisposable
    {
        public void Dispose()
        {
            journal.Write("closes the rest");
            throw new InvalidDataException("cannot close");
        }
    }

    private sealed class Leaves(Journal journal, Unclosable rest) : TaskActivity<string, string>, IDisposable
    {
        public override Task<string> RunAsync(TaskActivityContext context, string input)
        {
            ArgumentNullException.ThrowIfNull(rest);
            journal.Write("works");
            return Task.FromResult("done");
        }

        public void Dispose()
        {
            journal.Write("closes");
            throw new InvalidDataException("cannot close");
        }
    }

    private sealed class Leaky(Journal journal, Unclosable rest) : TaskEntity<int>, IAsyncDisposable
    {
        public int Add(int amount)
        {
            ArgumentNullException.ThrowIfNull(rest);
            journal.Write("adds");
            return State += amount;
        }

        public ValueTask DisposeAsync()
        {
            journal.Write("closes");
            throw new InvalidDataException("cannot close");
        }
    }

    private sealed class Pot(Journal journal) : TaskEntity<int>
    {
        public int Break()
        {
            journal.Write("breaks");
            throw new InvalidDataException("broken");
        }
    }

    /// <summary>Written as a text, of which it takes only some.</summary>
    [System.Text.Json.Serialization.JsonConverter(typeof(Converter))]
    private sealed record Strict(string Text)
    {
        private sealed class Converter : System.Text.Json.Serialization.JsonConverter<Strict>
        {
            public override Strict Read(ref System.Text.Json.Utf8JsonReader reader, Type typeToConvert, System.Text.Json.JsonSerializerOptions options)
            {
                var text = reader.GetString()!;
                return text.All(char.IsUpper) ? new Strict(text) : throw new InvalidDataException($"only upper case, not {text}");
            }

            public override void Write(System.Text.Json.Utf8JsonWriter writer, Strict value, System.Text.Json.JsonSerializerOptions options) => writer.WriteStringValue(value.Text);
        }
    }

    private sealed class Loggers(Func<int, string, bool> onLine) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("one logger is all there is");

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => onLine(eventId.Id, formatter(state, exception));

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
