using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

public static class PostgresTaskHubServices
{
    /// <summary>Keeps the task hub in PostgreSQL, where any number of processes share it; its schema is made and brought up to date when it is opened.</summary>
    public static IServiceCollection UsePostgresTaskHub(this IServiceCollection services, PostgresHubOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ITaskHub>(provider => new PostgresTaskHub(
            options, provider.GetRequiredService<TimeProvider>(), provider.GetService<ILogger<PostgresTaskHub>>()));
        return services;
    }
}
