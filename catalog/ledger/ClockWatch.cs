using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Catalog;

/// <summary>
/// Whether the clock may be believed where copies go by their age. Each minute it is written down; a step of it is believed only as far as this process's own monotonic time, which no one sets, confirms it. Across a restart
/// nothing does. After a step that nothing confirmed the clock is in doubt until it has gone on for a day without another. Steps below <see cref="Bound"/> are believed: they are summed up over the life of a process.
/// </summary>
public sealed class ClockWatch(CatalogDatabase database, TimeProvider time)
{
    /// <summary>No longer step is believed unconfirmed, and no other clock may differ by more: as much too early a copy may go at most.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromHours(6);

    /// <summary>How long a doubted clock must go on steadily.</summary>
    public static readonly TimeSpan Steady = TimeSpan.FromDays(1);

    private const string Name = "clock";

    private static readonly TimeSpan s_toldAgain = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();

    /// <summary>From where on this process's two clocks are held against each other.</summary>
    private (DateTimeOffset At, long Stamp)? _anchor;

    private readonly Dictionary<string, long> _told = new(StringComparer.Ordinal);

    /// <summary>Looks at the clock now.</summary>
    /// <returns>Why it is not to be believed; null when it is.</returns>
    public ClockDoubt? Observe()
    {
        lock (_gate) return database.Write("clock", Observe);
    }

    /// <summary>Whether the log is to tell of it now: when it begins, whoever saw it first, and each hour while it lasts.</summary>
    /// <param name="by">Who contradicts the clock.</param>
    public bool IsToTell([NotNullWhen(true)] ClockDoubt? doubt, string by)
    {
        lock (_gate)
        {
            if (doubt is null)
            {
                _told.Remove(by);
                return false;
            }

            if (_told.TryGetValue(by, out var told) && time.GetElapsedTime(told) < s_toldAgain) return false;
            _told[by] = time.GetTimestamp();
            return true;
        }
    }

    private ClockDoubt? Observe(DbConnection connection, DbTransaction transaction)
    {
        var (now, stamp) = (time.GetUtcNow(), time.GetTimestamp());
        var before = Find(connection, transaction);
        var step = Unconfirmed(before, now, stamp);
        if (step is not null || _anchor is null) _anchor = (now, stamp);
        var sight = step is not null ? new ClockSight(now) { DoubtedAt = now, Why = step }
            : before is { DoubtedAt: not null } && Since(before, now) is var since && now - since < Steady ? new ClockSight(now) { DoubtedAt = since, Why = before.Why }
            : new ClockSight(now);
        Save(connection, transaction, sight);
        if (sight.DoubtedAt is { } doubted) return new ClockDoubt($"{sight.Why} Unless a person approves, it must go on steadily until {doubted + Steady:u}.", doubted + Steady);
        return database.ServerTime(connection, transaction) is { } server && (server - now).Duration() > Bound
            ? new ClockDoubt($"The catalog's server says that it is {server:u}, this machine {now:u}.", now + Steady)
            : null;
    }

    /// <summary>A doubt that a node whose clock was ahead has left counts from now on: else it would last until that time comes.</summary>
    private static DateTimeOffset Since(ClockSight before, DateTimeOffset now) => before.DoubtedAt > now ? now : before.DoubtedAt!.Value;

    private string? Unconfirmed(ClockSight? before, DateTimeOffset now, long stamp)
    {
        if (_anchor is { } own)
        {
            var measured = own.At + time.GetElapsedTime(own.Stamp, stamp);
            if ((now - measured).Duration() > Bound) return $"This machine's clock says that it is {now:u}; by the time that this process has run it should be {measured:u}.";
            // It has run since before the clock was last seen, so the time between has passed.
            if (own.At <= before?.SeenAt) return null;
        }

        return before is not null && (now - before.SeenAt).Duration() > Bound
            ? $"The clock was last seen at {before.SeenAt:u}, and says now that it is {now:u}: the service was down, or the clock was set."
            : null;
    }

    private static ClockSight? Find(DbConnection connection, DbTransaction transaction)
    {
        using var read = connection.Command(transaction, "SELECT report FROM reports WHERE name=@name").With("@name", Name);
        return read.ExecuteScalar() is string json ? JsonSerializer.Deserialize(json, ContractsJson.Default.ClockSight) : null;
    }

    private static void Save(DbConnection connection, DbTransaction transaction, ClockSight sight)
    {
        using var put = connection.Command(transaction, "INSERT INTO reports (name, at, report) VALUES (@name, @at, @report) ON CONFLICT (name) DO UPDATE SET at=@at, report=@report")
            .With("@name", Name).With("@at", sight.SeenAt.Stored()).With("@report", JsonSerializer.Serialize(sight, ContractsJson.Default.ClockSight));
        put.ExecuteNonQuery();
    }
}
