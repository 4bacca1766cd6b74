using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Durable.TaskHubs.Postgres;
using SnapshotWorkflows.Tests.Contracts.TaskHub;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>
/// The bench of tests/unit/durable/engine on PostgreSQL: the sources of the tests there are compiled here as well, so that what the engine promises is shown over
/// both hubs by the same lines.
/// </summary>
internal sealed class EngineBench(Action<DurableTaskRegistry> register) : IAsyncDisposable
{
    /// <summary>Runs of a property that has engines of its own: each makes a hub.</summary>
    public const int PropertyCases = 12;

    private static int s_hubs;

    private readonly string _name = $"bench{Interlocked.Increment(ref s_hubs)}";
    private ServiceProvider? _services;

    public ManualTimeProvider Clock { get; } = new();

    public Journal Journal { get; } = new();

    public Action<DurableEngineOptions>? Configure { get; set; }

    public Action<IServiceCollection>? ConfigureServices { get; set; }

    public Func<ITaskHub, ITaskHub> Decorate { get; set; } = hub => hub;

    public IServiceProvider Services => _services ??= Build();

    public DurableEngine Engine => Services.GetRequiredService<DurableEngine>();

    public DurableTaskClient Client => Services.GetRequiredService<DurableTaskClient>();

    public IActivityProgressReader Progress => Services.GetRequiredService<IActivityProgressReader>();

    public ITaskHub Hub => Services.GetRequiredService<ITaskHub>();

    public Task<string> StartAsync<T>(object? input = null, StartOrchestrationOptions? options = null) =>
        Client.ScheduleNewOrchestrationInstanceAsync(typeof(T).Name, input, options);

    public async Task<OrchestrationMetadata> RunAsync<T>(object? input = null) => await Engine.PumpAsync(await StartAsync<T>(input), CancellationToken.None);

    /// <summary>Starts an orchestrator under its own name in lower case.</summary>
    public Task<string> StartAsync(string name, object? input = null) =>
        Client.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOrchestrationOptions(name.ToLowerInvariant()));

    public async Task<OrchestrationMetadata> RunAsync(string name) => await Engine.PumpAsync(await StartAsync(name), CancellationToken.None);

    public async Task<OrchestrationMetadata> GetAsync(string instanceId) => (await Client.GetInstanceAsync(instanceId, getInputsAndOutputs: true))!;

    /// <summary>Another node on the same hub: what was in memory is gone, the tables stay.</summary>
    public async Task RestartAsync()
    {
        if (_services is not null)
            await _services.DisposeAsync();
        _services = null;
    }

    public async ValueTask DisposeAsync() => await RestartAsync();

    private ServiceProvider Build()
    {
        var services = new ServiceCollection();
        ConfigureServices?.Invoke(services);
        return services
            .AddSingleton<TimeProvider>(Clock)
            .AddSingleton(Clock)
            .AddSingleton(Journal)
            .AddSingleton<ITaskHub>(_ => Decorate(new PostgresTaskHub(
                new PostgresHubOptions { ConnectionString = PostgresServer.Shared, HubName = _name, Lease = TimeSpan.FromMinutes(5) }, Clock)))
            .AddDurableTask(register, options =>
            {
                options.ClockDriver = new ClockDriver(() => Clock.NextTimer, Clock.AdvanceTo);
                options.IsCrash = exception => exception is SimulatedCrash;
                Configure?.Invoke(options);
            }, start: false)
            .AddLogging(logging => logging.ClearProviders())
            .BuildServiceProvider();
    }
}
