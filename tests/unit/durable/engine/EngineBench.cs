using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Durable.TaskHubs.Sqlite;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>A hub in a folder of its own, and engines started on it one after the other.</summary>
internal sealed class EngineBench(Action<DurableTaskRegistry> register) : IAsyncDisposable
{
    /// <summary>Runs of a property that has engines of its own.</summary>
    public const int PropertyCases = 100;

    // The page cache survives a simulated death, so there is nothing for fsync to prove here: memory is as good as a disk.
    private readonly string _folder = Directory.CreateDirectory(
        Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"swf-hub-{Guid.NewGuid():N}")).FullName;
    private ServiceProvider? _services;

    public ManualTimeProvider Clock { get; } = new();

    public Journal Journal { get; } = new();

    public Action<DurableEngineOptions>? Configure { get; set; }

    public Action<IServiceCollection>? ConfigureServices { get; set; }

    public Func<ITaskHub, ITaskHub> Decorate { get; set; } = hub => hub;

    public string HubPath => Path.Combine(_folder, "hub.db");

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

    /// <summary>As after a crash: what was in memory is gone, the file stays.</summary>
    public async Task RestartAsync()
    {
        if (_services is not null)
            await _services.DisposeAsync();
        _services = null;
    }

    public async ValueTask DisposeAsync()
    {
        await RestartAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private ServiceProvider Build()
    {
        var services = new ServiceCollection();
        ConfigureServices?.Invoke(services);
        return services
            .AddSingleton<TimeProvider>(Clock)
            .AddSingleton(Clock)
            .AddSingleton(Journal)
            .AddSingleton<ITaskHub>(_ => Decorate(new SqliteTaskHub(HubPath, Clock)))
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
