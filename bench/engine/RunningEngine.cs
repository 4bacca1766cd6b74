using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>An engine with its own threads, as in the host; only the HTTP part is missing.</summary>
internal sealed class RunningEngine : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private RunningEngine(ServiceProvider services) => _services = services;

    public DurableTaskClient Client => _services.GetRequiredService<DurableTaskClient>();

    public ITaskHub Hub => _services.GetRequiredService<ITaskHub>();

    /// <param name="concurrency">Null: the engine's default.</param>
    public static async Task<RunningEngine> StartAsync(BenchPlace place, StepGate? gate = null, int? concurrency = null)
    {
        var services = new ServiceCollection();
        place.Use(services);
        if (gate is not null)
            services.AddSingleton(gate);
        services.AddDurableTask(
            registry => registry.AddOrchestrator<TenSteps>().AddOrchestrator<FanOut>().AddActivity<Step>(),
            options => options.MaxConcurrentActivities = concurrency ?? options.MaxConcurrentActivities,
            start: false);
        services.AddLogging(logging => logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Error));
        var provider = services.BuildServiceProvider();
        await provider.GetRequiredService<DurableEngine>().StartAsync(CancellationToken.None);
        return new RunningEngine(provider);
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
