using Microsoft.Extensions.DependencyInjection;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>A database that the engine and the bare floor use in turn.</summary>
internal interface IBenchHub : IAsyncDisposable
{
    /// <summary>As in the names of the figures.</summary>
    string Name { get; }

    /// <summary>What the database used so far in processes of its own; nothing when it runs within the engine's.</summary>
    DatabaseUse Use();

    /// <summary>A fresh place for an engine or a floor, which is all that a child process needs to know.</summary>
    Task<BenchPlace> NewPlaceAsync();

    /// <summary>A run is over: what it has left must not be tidied up by the database while another one is measured.</summary>
    Task DropAsync(BenchPlace place);
}

/// <param name="Processor">Of all its processes, ended ones included.</param>
/// <param name="Memory">Resident bytes, shared pages counted once.</param>
internal readonly record struct DatabaseUse(TimeSpan Processor, long Memory);

/// <summary>Where one engine's hub, or one floor's table, lives: a path, or a connection string with the hub's name.</summary>
internal sealed record BenchPlace(string Hub, string Address, string HubName)
{
    public void Use(IServiceCollection services) => BenchHubs.Use(services, this);
}

/// <summary>The same work without an engine: single-row commits, as durable as the engine's.</summary>
internal interface IFloor : IAsyncDisposable
{
    /// <summary>One row, one commit.</summary>
    Task CommitAsync(int client, string workflow, int step);
}
