namespace SnapshotWorkflows.Secondary.Throttle;

/// <summary>Spreads bytes over time: who asks for some waits until those before have had their share. A quarter of a second's worth may go at once.</summary>
internal sealed class TransferPacer(long bytesPerSecond, TimeProvider time)
{
    private static readonly TimeSpan s_burst = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly long _begin = time.GetTimestamp();
    private TimeSpan _free = -s_burst;

    public async ValueTask WaitAsync(long bytes, CancellationToken cancellation)
    {
        TimeSpan wait;
        lock (_gate)
        {
            var now = time.GetElapsedTime(_begin);
            if (_free < now - s_burst)
                _free = now - s_burst;
            _free += TimeSpan.FromSeconds((double)bytes / bytesPerSecond);
            wait = _free - now;
        }
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, time, cancellation);
    }
}
