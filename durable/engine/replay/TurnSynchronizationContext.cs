namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>Runs an orchestrator's continuations on the thread of its turn, and nowhere else.</summary>
internal sealed class TurnSynchronizationContext : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = [];
    private int _thread;

    /// <summary>A continuation came from outside a turn: the orchestrator has awaited something that is not durable.</summary>
    public bool StrayContinuation { get; private set; }

    public bool IsInTurn => _thread == Environment.CurrentManagedThreadId && Current == this;

    public void Run(Action action)
    {
        var outer = Current;
        SetSynchronizationContext(this);
        _thread = Environment.CurrentManagedThreadId;
        try
        {
            action();
            while (_posted.TryDequeue(out var next))
                next.Callback(next.State);
        }
        finally
        {
            _thread = 0;
            SetSynchronizationContext(outer);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (_thread == Environment.CurrentManagedThreadId)
            _posted.Enqueue((d, state));
        else
            StrayContinuation = true;
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("An orchestrator cannot block on its own turn.");

    public override SynchronizationContext CreateCopy() => this;
}
