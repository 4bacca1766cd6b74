using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.TaskHubs.Sqlite;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

internal static class SampleHub
{
    public static ITaskHub Create(IServiceProvider services, string path) => new SqliteTaskHub(path, services.GetRequiredService<TimeProvider>());
}
