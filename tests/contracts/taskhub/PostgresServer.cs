using SnapshotWorkflows.Tests.Support.Postgres;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>One cluster for all tests of the assembly; each test has a database, or a hub, of its own.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private static string? s_shared;

    /// <summary>A database that many hubs of different names share.</summary>
    public static string Shared => s_shared ?? throw new InvalidOperationException("The server of the assembly has not started.");

    public PostgresFixture Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Cluster = await PostgresFixture.StartAsync();
        s_shared = await Cluster.CreateDatabaseAsync();
    }

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
