using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Durable.TaskHubs.Postgres;
using SnapshotWorkflows.Durable.TaskHubs.Sqlite;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>The hubs that can be measured.</summary>
internal static class BenchHubs
{
    public static Task<IBenchHub> OpenAsync(string hub, string folder) => hub switch
    {
        "sqlite" => Task.FromResult<IBenchHub>(new SqliteBenchHub(folder)),
        "postgres" => PostgresBenchHub.StartAsync(),
        _ => throw new ArgumentException($"--hub {hub}: give sqlite or postgres.", nameof(hub)),
    };

    public static Task<IFloor> OpenFloorAsync(BenchPlace place, int clients) => place.Hub switch
    {
        "sqlite" => Task.FromResult<IFloor>(new SqliteFloor(place.Address)),
        "postgres" => PostgresFloor.OpenAsync(place, clients),
        _ => throw new ArgumentException($"There is no hub '{place.Hub}'.", nameof(place)),
    };

    public static void Use(IServiceCollection services, BenchPlace place)
    {
        switch (place.Hub)
        {
            case "sqlite": services.UseSqliteTaskHub(place.Address); break;
            case "postgres": services.UsePostgresTaskHub(new PostgresHubOptions { ConnectionString = place.Address, HubName = place.HubName }); break;
            default: throw new ArgumentException($"There is no hub '{place.Hub}'.", nameof(place));
        }
    }
}
