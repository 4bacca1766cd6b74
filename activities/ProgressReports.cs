using SnapshotWorkflows.Secondary;

namespace SnapshotWorkflows.Activities;

/// <summary>Passes a reader's progress on, at most twice a second.</summary>
internal sealed class ProgressReports(IActivityExecution execution, RateMeter meter, TimeProvider time) : IProgress<DiskProgress>
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private long _lastAt = time.GetTimestamp();
    private Task _last = Task.CompletedTask;

    public void Report(DiskProgress value)
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_lastAt) < s_interval || !_last.IsCompleted) return;
            _lastAt = time.GetTimestamp();
            _last = execution.ReportProgressAsync(meter.At(value.DoneBytes)).AsTask();
        }
    }

    /// <summary>Waits for the last report; its failure is the activity's.</summary>
    public Task FlushAsync()
    {
        lock (_gate) return _last;
    }
}
