using Microsoft.Extensions.Configuration;
using Npgsql;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Tests.Node;

/// <summary>Writes down every firing of a timer that all nodes have; by the minute, since what recurs within one tells no occurrence.</summary>
public sealed class Ticker(IConfiguration settings)
{
    [Function("Tick")]
    public async Task RunAsync([TimerTrigger("0 * * * * *")] TimerInfo timer)
    {
        ArgumentNullException.ThrowIfNull(timer);
        await using var connection = new NpgsqlConnection(settings["Hub"]);
        await connection.OpenAsync();
        await using var tick = new NpgsqlCommand("INSERT INTO public.ticks (occurrence, node) VALUES ($1, $2)", connection);
        tick.Parameters.Add(new NpgsqlParameter<long> { TypedValue = timer.ScheduleStatus!.Next.Ticks });
        tick.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Environment.ProcessId });
        await tick.ExecuteNonQueryAsync();
    }
}
