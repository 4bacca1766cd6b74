namespace SnapshotWorkflows.Secondary.Pipeline;

/// <summary>Makes reports of progress out of byte counts: a report every half second at most, and the last one always.</summary>
/// <remarks>The rate is a moving mean: each interval counts with 1 - e^(-interval/10 s). Called by one thread.</remarks>
public sealed class TransferMeter(IProgress<TransferProgress>? sink, long totalBytes, TimeProvider time)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);
    private readonly long _start = time.GetTimestamp();
    private long _last = time.GetTimestamp();
    private long _lastDone;
    private double _rate;

    public void Report(long doneBytes, long sentBytes)
    {
        if (sink is null)
            return;
        var elapsed = time.GetElapsedTime(_last);
        if (elapsed < s_interval && doneBytes < totalBytes)
            return;
        if (elapsed > TimeSpan.Zero)
        {
            var rate = (doneBytes - _lastDone) / elapsed.TotalSeconds;
            var weight = _rate == 0 ? 1 : 1 - Math.Exp(-elapsed.TotalSeconds / 10);
            _rate += (rate - _rate) * weight;
        }
        (_last, _lastDone) = (time.GetTimestamp(), doneBytes);
        sink.Report(new TransferProgress(doneBytes, totalBytes, sentBytes, _rate, _rate > 0 ? TimeSpan.FromSeconds((totalBytes - doneBytes) / _rate) : null));
    }

    /// <summary>Since the meter was made.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_start);
}
