using SnapshotWorkflows.Tests.Support.Postgres;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>One cluster for all tests of the assembly; each test has a database of its own.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    public PostgresFixture Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await PostgresFixture.StartAsync();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
