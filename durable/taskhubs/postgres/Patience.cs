namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>Back-off while a server is away: from 50 ms on, doubled up to 2 s, until the limit. Real time: it is about a real server.</summary>
internal sealed class Patience(TimeSpan limit)
{
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private TimeSpan _next = TimeSpan.FromMilliseconds(50);

    /// <returns>False when the limit is reached.</returns>
    public async Task<bool> WaitAsync(CancellationToken cancellation)
    {
        if (TimeProvider.System.GetElapsedTime(_began) >= limit)
            return false;
        await Task.Delay(_next, TimeProvider.System, cancellation);
        _next = _next < TimeSpan.FromSeconds(1) ? _next * 2 : TimeSpan.FromSeconds(2);
        return true;
    }
}
