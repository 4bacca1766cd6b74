namespace SnapshotWorkflows.Activities;

/// <summary>Tells when a figure that should move has stood still for too long.</summary>
internal sealed class StallWatch(TimeSpan limit, TimeProvider time)
{
    private double _last = double.NaN;
    private long _since = time.GetTimestamp();

    public bool IsOver(double progress)
    {
        if (progress != _last) (_last, _since) = (progress, time.GetTimestamp());
        return time.GetElapsedTime(_since) > limit;
    }
}
