namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// A person's wish to stop, as the instance sees it: the event <c>Cancel</c>. Steps carry the tag that makes the engine cancel a running
/// activity when that event comes; waits end early. Undo and clean-up do not listen.
/// </summary>
internal sealed class Cancellation(TaskOrchestrationContext context)
{
    public const string EventName = "Cancel";

    private static readonly Dictionary<string, string> Tags = new(StringComparer.Ordinal) { ["cancel-on-event"] = EventName };

    private readonly Task<string?> _wish = context.WaitForExternalEvent<string?>(EventName);

    /// <summary>Options of an activity that is to stop when the wish comes.</summary>
    public static TaskOptions Cancellable { get; } = new(retry: null, tags: Tags);

    /// <summary>Completes when the wish comes.</summary>
    public Task Wish => _wish;

    /// <exception cref="StepFaultException">With <see cref="FaultKind.Cancelled"/>, once the wish came.</exception>
    public void ThrowIfWished()
    {
        if (_wish.IsCompleted) throw new StepFaultException(Faults.Cancelled());
    }

    /// <summary>A durable wait that the wish cuts short.</summary>
    public async Task WaitAsync(TimeSpan delay)
    {
        using var timer = new CancellationTokenSource();
        var elapsed = context.CreateTimer(delay, timer.Token);
        if (await Task.WhenAny(elapsed, _wish) == elapsed)
        {
            await elapsed;
            return;
        }

        // An open timer would keep the instance running after its end.
        // Cancelled in place: CancelAsync would finish on another thread, where nothing durable may be awaited.
        timer.Cancel();
        ThrowIfWished();
    }

    /// <summary>A durable wait that an event, or the wish, cuts short.</summary>
    public async Task WaitForEventAsync(string eventName, TimeSpan longest)
    {
        using var timer = new CancellationTokenSource();
        using var waiter = new CancellationTokenSource();
        var elapsed = context.CreateTimer(longest, timer.Token);
        var came = context.WaitForExternalEvent<int>(eventName, waiter.Token);
        var first = await Task.WhenAny(elapsed, came, _wish);

        // A waiter left behind would swallow a later event; an open timer would keep the instance running. In place, as above.
        if (first != came) waiter.Cancel();
        if (first != elapsed) timer.Cancel();
        ThrowIfWished();
    }
}
