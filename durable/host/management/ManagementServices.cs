using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>Registers the engine with the settings of host.json, its hub, and the management API.</summary>
internal static class ManagementServices
{
    public static void Add(
        IServiceCollection services,
        DurableTaskHostOptions options,
        Action<DurableTaskRegistry> register,
        Func<IServiceProvider, DurableTaskHostOptions, ITaskHub> hub,
        Action<DurableEngineOptions>? configure)
    {
        services.AddSingleton(provider => hub(provider, options));
        services.AddDurableTask(register, engine =>
        {
            engine.MaxConcurrentActivities = options.MaxConcurrentActivityFunctions;
            engine.MaxConcurrentEntities = options.MaxConcurrentEntityFunctions;
            engine.MaxEntityOperationBatchSize = options.MaxEntityOperationBatchSize;
            engine.RollbackEntityOperationsOnExceptions = options.RollbackEntityOperationsOnExceptions;
            engine.DefaultVersion = options.DefaultVersion;
            engine.VersionMatchStrategy = options.VersionMatchStrategy;
            engine.VersionFailureStrategy = options.VersionFailureStrategy;
            engine.MaxConcurrentOrchestrators = options.MaxConcurrentOrchestratorFunctions;
            engine.MaxOrchestrationActions = options.MaxOrchestrationActions;
            configure?.Invoke(engine);
        });
        services.AddSingleton<ManagementUris>();
        services.AddSingleton<IHttpManagementPayloadFactory>(provider => provider.GetRequiredService<ManagementUris>());
        services.AddSingleton<InstanceQueries>();
        services.AddSingleton<InstanceCommands>();
        services.AddSingleton<InstancePurge>();
        services.AddSingleton<InstanceStart>();
        services.AddSingleton<InstanceRepeat>();
        services.AddSingleton<EntityRoutes>();
        services.AddSingleton<StartAnswers>();
        services.AddSingleton<ManagementApi>();
    }
}
