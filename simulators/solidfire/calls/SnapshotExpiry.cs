using System.Globalization;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>When a snapshot goes: never, at a time, or when the volume's FIFO pool needs its place.</summary>
internal readonly record struct SnapshotExpiry(DateTimeOffset? At, bool Fifo)
{
    public static SnapshotExpiry Read(CallParameters parameters, DateTimeOffset now)
    {
        var expiration = parameters.Text("expirationTime");
        var retention = parameters.Text("retention");
        if (expiration is not null && retention is not null)
        {
            throw ApiError.InvalidParameter("expirationTime and retention exclude each other");
        }

        return (expiration, retention) switch
        {
            (null, null) => default,
            (null, "fifo") or ("fifo", null) => new SnapshotExpiry(null, true),
            (null, { } length) => new SnapshotExpiry(now + Length(length), false),
            ({ } time, _) => new SnapshotExpiry(Time(time), false),
        };
    }

    public void ApplyTo(Snapshot snapshot)
    {
        snapshot.ExpirationTime = At;
        snapshot.Fifo = Fifo;
    }

    /// <summary>HH:mm:ss; hours may exceed a day and need no padding.</summary>
    private static TimeSpan Length(string retention)
    {
        var parts = retention.Split(':');
        return parts.Length == 3
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var hours) && hours <= 1_000_000
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) && minutes < 60
            && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 60
            ? new TimeSpan(hours, minutes, seconds)
            : throw ApiError.InvalidParameter($"{retention} is not a retention; expected HH:mm:ss");
    }

    private static DateTimeOffset Time(string time) =>
        DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var value)
            ? value
            : throw ApiError.InvalidParameter($"{time} is not a time; expected YYYY-MM-DDTHH:MM:SSZ");
}
