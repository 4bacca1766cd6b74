namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>All attempts of one retried call that an event may cancel, the waits between them included.</summary>
internal sealed class CallScope(string eventName) : IDisposable
{
    private readonly CancellationTokenSource _source = new();

    public string EventName => eventName;

    public CancellationToken Token => _source.Token;

    public bool IsCancelled => _source.IsCancellationRequested;

    /// <summary>Inline, in the turn.</summary>
    public void Cancel() => _source.Cancel();

    public void Dispose() => _source.Dispose();
}
