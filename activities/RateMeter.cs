namespace SnapshotWorkflows.Activities;

/// <summary>Turns bytes done so far into progress with a smoothed rate and an estimate of what is left.</summary>
internal sealed class RateMeter(string step, long totalBytes, TimeProvider time)
{
    private const double Smoothing = 0.3;

    private long _lastAt = time.GetTimestamp();
    private long? _lastBytes;
    private double _rate;

    /// <param name="bytes">Of the source, so far.</param>
    public StepProgress At(long bytes)
    {
        var now = time.GetTimestamp();
        var seconds = time.GetElapsedTime(_lastAt, now).TotalSeconds;
        if (_lastBytes is { } before && seconds > 0 && bytes >= before)
        {
            var current = (bytes - before) / seconds;
            _rate = _rate == 0 ? current : (Smoothing * current) + ((1 - Smoothing) * _rate);
        }

        (_lastAt, _lastBytes) = (now, bytes);
        return new StepProgress(step, bytes, totalBytes, Math.Round(_rate), _rate > 0 ? Math.Round((totalBytes - bytes) / _rate, 1) : null);
    }
}
