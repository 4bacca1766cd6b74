using Microsoft.Extensions.Configuration;
using Npgsql;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Tests.Node;

/// <summary>Writes down every firing of timers that all nodes have: one by the minute, which knows its occurrence, and one that recurs within it and is told by the clock.</summary>
public sealed class Ticker(IConfiguration settings, TimeProvider time)
{
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(2);

    [Function("Tick")]
    public Task TickAsync([TimerTrigger("0 * * * * *")] TimerInfo timer)
    {
        ArgumentNullException.ThrowIfNull(timer);
        return WriteAsync("tick", timer.ScheduleStatus!.Next.Ticks, timer.IsPastDue);
    }

    /// <summary>A run that comes late takes the place of the occurrence that it falls into, hence one run a slot.</summary>
    [Function("Beat")]
    public Task BeatAsync([TimerTrigger("*/2 * * * * *")] TimerInfo timer)
    {
        ArgumentNullException.ThrowIfNull(timer);
        return WriteAsync("beat", time.GetUtcNow().Ticks / s_beat.Ticks, timer.IsPastDue);
    }

    private async Task WriteAsync(string name, long occurrence, bool pastDue)
    {
        await using var connection = new NpgsqlConnection(settings["Hub"]);
        await connection.OpenAsync();
        await using var tick = new NpgsqlCommand("INSERT INTO public.ticks (name, occurrence, past_due, node) VALUES ($1, $2, $3, $4)", connection);
        tick.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        tick.Parameters.Add(new NpgsqlParameter<long> { TypedValue = occurrence });
        tick.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = pastDue });
        tick.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Environment.ProcessId });
        await tick.ExecuteNonQueryAsync();
    }
}
