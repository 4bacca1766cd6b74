using System.Runtime.ExceptionServices;

namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>
/// Runs an orchestrator's continuations on the thread of its turn, and nowhere else: those of awaits, which look for the context, and tasks that an orchestrator makes itself (ContinueWith,
/// Task.Factory.StartNew), which look for the scheduler. As in the public engine (microsoft/durabletask, TaskOrchestrationExecutor).
/// </summary>
internal sealed class TurnSynchronizationContext : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = [];
    private readonly Scheduler _scheduler;
    private Action? _action;
    private int _thread;

    public TurnSynchronizationContext() => _scheduler = new Scheduler(this);

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
            // A task of the scheduler's: TaskScheduler.Current has no other way to be set. No task of an orchestrator's can hang on to it.
            _action = action;
            var turn = new Task(static context => ((TurnSynchronizationContext)context!).RunAll(), this, TaskCreationOptions.DenyChildAttach);
            turn.RunSynchronously(_scheduler);
            if (turn.Exception?.InnerException is { } broken)
                ExceptionDispatchInfo.Throw(broken);
        }
        finally
        {
            _thread = 0;
            SetSynchronizationContext(outer);
        }
    }

    private void RunAll()
    {
        _action!();
        while (_posted.TryDequeue(out var next))
            next.Callback(next.State);
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

    private sealed class Scheduler(TurnSynchronizationContext turns) : TaskScheduler
    {
        public override int MaximumConcurrencyLevel => 1;

        protected override void QueueTask(Task task) => turns.Post(_ => TryExecuteTask(task), null);

        protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => turns.IsInTurn && TryExecuteTask(task);

        protected override IEnumerable<Task> GetScheduledTasks() => [];
    }
}
