using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Sqlite;

public static class SqliteTaskHubServices
{
    /// <summary>Keeps the task hub in a SQLite file; it and its folder are made when missing.</summary>
    public static IServiceCollection UseSqliteTaskHub(this IServiceCollection services, string path) => services.UseSqliteTaskHub(_ => path);

    public static IServiceCollection UseSqliteTaskHub(this IServiceCollection services, Func<IServiceProvider, string> path)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ITaskHub>(provider => new SqliteTaskHub(path(provider), provider.GetRequiredService<TimeProvider>()));
        return services;
    }
}
