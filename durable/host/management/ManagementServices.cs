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
        services.AddDurableTask(registry => Register(registry, register, options), engine =>
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
            engine.Retention = options.Retention;
            engine.RetentionOfFailed = options.RetentionOfFailed;
            engine.RetentionInterval = options.RetentionInterval;
            engine.HttpPollInterval = options.HttpPollInterval;
            engine.MaxActivityAttempts = options.MaxActivityAttempts;
            engine.MaxDeaths = options.MaxProcessDeaths;
            foreach (var (activity, limit) in options.ActivityLimits)
            {
                engine.ActivityLimits[activity] = limit;
            }

            configure?.Invoke(engine);
            engine.OnNonDeterminism = options.OnNonDeterminism ?? engine.OnNonDeterminism;
        });
        services.AddSingleton<ManagementUris>();
        services.AddSingleton<IHttpManagementPayloadFactory>(provider => provider.GetRequiredService<ManagementUris>());
        services.AddSingleton<InstanceQueries>();
        services.AddSingleton<TerminateGuards>();
        services.AddSingleton<EntityGuards>();
        services.AddSingleton<InstanceCommands>();
        services.AddSingleton<InstancePurge>();
        services.AddSingleton<InstanceStart>();
        services.AddSingleton<InstanceRepeat>();
        services.AddSingleton<EntityRoutes>();
        services.AddSingleton<StartAnswers>();
        services.AddSingleton<ManagementApi>();
    }

    /// <exception cref="HostStartupException">A limit is of an activity that nobody has: most likely its name is misspelt, and the limit would not be kept.</exception>
    private static void Register(DurableTaskRegistry registry, Action<DurableTaskRegistry> register, DurableTaskHostOptions options)
    {
        register(registry);
        if (options.ActivityLimits.Keys.FirstOrDefault(name => !registry.HasActivity(name)) is { } unknown)
        {
            throw new HostStartupException(
                "hostJson.invalid", $"host.json: extensions.durableTask.activityLimits.{unknown} limits an activity that this app does not have.", "Correct its name, or remove it.");
        }
    }
}
