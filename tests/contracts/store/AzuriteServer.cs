using SnapshotWorkflows.Secondary.Blobs;
using SnapshotWorkflows.Tests.Contracts.Store;
using SnapshotWorkflows.Tests.Support.Azurite;
using Xunit;

[assembly: AssemblyFixture(typeof(AzuriteServer))]

namespace SnapshotWorkflows.Tests.Contracts.Store;

/// <summary>One Azurite for all tests of this assembly; each takes a container of its own.</summary>
public sealed class AzuriteServer : IAsyncLifetime
{
    public AzuriteFixture Azurite { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Azurite = await AzuriteFixture.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (Azurite is not null)
            await Azurite.DisposeAsync();
    }

    internal BlobStoreOptions NewContainer() => new()
    {
        Name = "blob1",
        Container = $"t-{Guid.NewGuid():n}",
        ConnectionString = Azurite.ConnectionString,
        CreateContainer = true,
    };
}
