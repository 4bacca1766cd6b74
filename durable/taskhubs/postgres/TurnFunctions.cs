using Npgsql;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>The functions of the schema that the commits' connection calls: first, next and last turn of an instance whose calls follow one another.</summary>
internal sealed class TurnFunctions : IDisposable
{
    /// <summary>Schema version that brought them.</summary>
    public const int SinceVersion = 5;

    private readonly TurnFunction[] _all;

    private TurnFunctions(NpgsqlConnection connection) => _all = [new NextTurn(connection), new FirstTurn(connection), new LastTurn(connection)];

    /// <returns>For as long as the connection lasts.</returns>
    public static async Task<TurnFunctions> PrepareAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var made = new TurnFunctions(connection);
        foreach (var function in made._all)
            await function.PrepareAsync(cancellation);
        return made;
    }

    /// <returns>Ready to be called; null when the unit is for none of them.</returns>
    public TurnFunction? Fill(HubWrite write, int node, long number, INodeTasks tasks)
    {
        foreach (var function in _all)
        {
            if (function.TryFill(write, node, number, tasks))
                return function;
        }
        return null;
    }

    public void Dispose()
    {
        foreach (var function in _all)
            function.Dispose();
    }
}
