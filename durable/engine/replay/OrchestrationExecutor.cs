using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>
/// One execution of an orchestrator, kept in memory between turns: feeds it events and gathers its actions. Not thread safe; used in turns only.
/// Actions left over from events of history are held against the history's own record of them.
/// </summary>
internal sealed class OrchestrationExecutor(ITaskOrchestrator orchestrator, PayloadConverter converter, ILoggerFactory loggers, ExecutorSettings settings)
{
    private static readonly TaskFailureDetails s_unknown = new("(unknown)", "The failure carries no details.", null, null);

    private readonly TurnSynchronizationContext _turns = new();
    private readonly SortedDictionary<int, OrchestratorAction> _pending = [];
    private readonly Dictionary<int, (IPromise Promise, string Name, EntityInstanceId? Entity)> _open = [];
    private readonly Dictionary<int, string> _cancelOnEvent = [];
    private EngineOrchestrationContext? _context;
    private Task<object?>? _run;

    public ExternalEvents Events { get; } = new();

    public List<int> CancelledTimers { get; } = [];

    /// <summary>Open calls whose event has come; told to the runner after the commit.</summary>
    public List<int> CancelRequested { get; } = [];

    public List<CallScope> Scopes { get; } = [];

    public ExecutionStartedEvent? Start { get; private set; }

    public DateTime Now { get; private set; }

    public bool IsReplaying { get; private set; }

    public Restart? Restart { get; set; }

    /// <summary>What the orchestrator has said of itself last, null for nothing; <see cref="HasCustomStatus"/> tells whether it has said anything.</summary>
    public string? CustomStatus
    {
        get;
        set
        {
            field = value;
            HasCustomStatus = true;
        }
    }

    public bool HasCustomStatus { get; private set; }

    public bool IsInTurn => _turns.IsInTurn;

    public bool IsOpen(int id) => _open.ContainsKey(id);

    public PayloadConverter Converter => converter;

    /// <summary>The orchestrator has nothing left to wait for, yet has not returned.</summary>
    public bool IsStalled => _run is { IsCompleted: false } && (_turns.StrayContinuation || (_open.Count == 0 && !Events.HasWaiters));

    /// <summary>A success counts once no call, timer or child is open; a failure and ContinueAsNew count at once.</summary>
    public bool HasEnded => _run is { IsCompleted: true } && (!_run.IsCompletedSuccessfully || Restart is not null || _open.Count == 0);

    public Exception? Failure => _run switch
    {
        { IsFaulted: true } => _run.Exception!.InnerException,
        { IsCanceled: true } => new TaskCanceledException("The orchestrator was cancelled by a token of its own."),
        _ => null,
    };

    public object? Result { get; private set; }

    public int NextId { get; set; }

    /// <exception cref="NonDeterministicOrchestrationException">The event does not fit what the orchestrator did.</exception>
    public void Apply(HistoryEvent happened, bool replaying)
    {
        IsReplaying = replaying;
        switch (happened)
        {
            case OrchestratorStartedEvent started: Now = started.Timestamp; break;
            case ExecutionStartedEvent start: Begin(start); break;
            case TaskScheduledEvent scheduled: Confirm<CallActivity>(scheduled, scheduled.Name, action => action.Name); break;
            case TimerCreatedEvent timer: Confirm<CreateTimer>(timer, "timer", _ => "timer"); break;
            case SubOrchestrationInstanceCreatedEvent child: Confirm<StartChild>(child, child.Name, action => action.Name); break;
            case EventSentEvent sent: Confirm<SendEventTo>(sent, sent.Name, action => action.Name); break;
            case EntityOperationCalledEvent called:
                Confirm<CallEntity>(called, $"{called.Operation} of {called.TargetInstanceId}", action => $"{action.Operation} of {action.Target}"); break;
            case EntityOperationSignaledEvent signaled:
                Confirm<SignalEntity>(signaled, $"{signaled.Operation} of {signaled.TargetInstanceId}", action => $"{action.Operation} of {action.Target}"); break;
            case EntityLockRequestedEvent locked: Confirm<RequestLock>(locked, string.Join(' ', locked.LockSet), action => string.Join(' ', action.LockSet)); break;
            case EntityUnlockSentEvent { EventId: >= 0 } unlocked: Confirm<Unlock>(unlocked, unlocked.TargetInstanceId, action => action.Target); break;
            case EntityOperationCompletedEvent done: Settle(done.TaskScheduledId, (promise, _) => promise.Resolve(done.Output)); break;
            case EntityOperationFailedEvent failed: FailCall(failed.TaskScheduledId, failed.FailureDetails); break;
            case EntityLockGrantedEvent granted: Settle(granted.TaskScheduledId, (promise, _) => promise.Resolve(null)); break;
            case TaskCompletedEvent completed: Settle(completed.TaskScheduledId, (promise, _) => promise.Resolve(completed.Result)); break;
            case TaskFailedEvent failed: Settle(failed.TaskScheduledId, Fail(failed.TaskScheduledId, failed.FailureDetails)); break;
            case SubOrchestrationInstanceCompletedEvent done: Settle(done.TaskScheduledId, (promise, _) => promise.Resolve(done.Result)); break;
            case SubOrchestrationInstanceFailedEvent failed: Settle(failed.TaskScheduledId, Fail(failed.TaskScheduledId, failed.FailureDetails)); break;
            case TimerFiredEvent fired: Settle(fired.TimerId, (promise, _) => promise.Resolve(null)); break;
            case EventRaisedEvent raised: Raise(raised); break;
        }
        IsReplaying = false;
    }

    /// <summary>After the last event of history: actions that the history does not know must belong to an open turn.</summary>
    public void EndReplay(bool openTurn)
    {
        if (!openTurn && _pending.Count > 0)
            throw new NonDeterministicOrchestrationException($"the orchestrator now takes {Describe(_pending.First().Value)}, which its history does not have.");
    }

    /// <summary>The turns up to here were committed, with what they cancelled; an open one begins now.</summary>
    public void EndClosedTurns()
    {
        CancelledTimers.Clear();
        CancelRequested.Clear();
    }

    public IReadOnlyList<OrchestratorAction> TakeActions()
    {
        OrchestratorAction[] taken = [.. _pending.Values];
        _pending.Clear();
        return taken;
    }

    public ExecutorSettings Settings => settings;

    /// <exception cref="InvalidOperationException">The execution has taken all the actions that it may.</exception>
    public void Add(OrchestratorAction action)
    {
        if (action.Id >= settings.MaxActions)
        {
            throw new InvalidOperationException(
                $"The orchestrator has taken {settings.MaxActions} actions, the most that one execution may. Call ContinueAsNew in time, or raise maxOrchestrationActions.");
        }
        _pending.Add(action.Id, action);
    }

    /// <param name="entity">Whose operation <paramref name="name"/> is.</param>
    public void Open(int id, IPromise promise, string name, string? cancelOnEvent = null, EntityInstanceId? entity = null)
    {
        _open.Add(id, (promise, name, entity));
        if (cancelOnEvent is not null)
            _cancelOnEvent.Add(id, cancelOnEvent);
    }

    public void Close(int id)
    {
        _open.Remove(id);
        _cancelOnEvent.Remove(id);
    }

    private void Begin(ExecutionStartedEvent start)
    {
        if (Start is not null)
            return;
        Start = start;
        if (Now == default)
            Now = start.Timestamp;
        _context = new EngineOrchestrationContext(this, start, loggers);
        _turns.Run(() =>
        {
            object? input;
            try
            {
                input = converter.Deserialize(start.Input, orchestrator.InputType);
            }
            catch (Exception exception)
            {
                _run = Task.FromException<object?>(new ArgumentException($"The input cannot be read as {orchestrator.InputType}: {exception.Message}", exception));
                return;
            }
            try
            {
                _run = RunAsync(_context, input);
            }
            catch (Exception exception)
            {
                _run = Task.FromException<object?>(exception);
            }
        });
    }

    private async Task<object?> RunAsync(EngineOrchestrationContext context, object? input) => Result = await orchestrator.RunAsync(context, input);

    private void Confirm<T>(HistoryEvent recorded, string recordedName, Func<T, string> nameOf) where T : OrchestratorAction
    {
        if (!_pending.Remove(recorded.EventId, out var action))
            throw new NonDeterministicOrchestrationException($"history has {recorded.EventType} '{recordedName}' as action {recorded.EventId}, which the orchestrator did not take.");
        if (action is not T typed || !string.Equals(nameOf(typed), recordedName, StringComparison.OrdinalIgnoreCase))
            throw new NonDeterministicOrchestrationException($"history has {recorded.EventType} '{recordedName}' as action {recorded.EventId}, but the orchestrator now takes {Describe(action)}.");
    }

    private void Settle(int id, Action<IPromise, string> settle)
    {
        if (!_open.TryGetValue(id, out var open))
            return;
        Close(id);
        _turns.Run(() => settle(open.Promise, open.Name));
    }

    private static Action<IPromise, string> Fail(int id, TaskFailureDetails? details) => (promise, name) =>
        promise.Fail(new TaskFailedException(name, id, details ?? s_unknown));

    private void FailCall(int id, TaskFailureDetails? details)
    {
        if (!_open.TryGetValue(id, out var call))
            return;
        Settle(id, (promise, operation) => promise.Fail(new EntityOperationFailedException(call.Entity!.Value, operation, details ?? s_unknown)));
    }

    private void Raise(EventRaisedEvent raised) => _turns.Run(() =>
    {
        foreach (var (id, name) in _cancelOnEvent)
        {
            if (string.Equals(name, raised.Name, StringComparison.OrdinalIgnoreCase) && !CancelRequested.Contains(id))
                CancelRequested.Add(id);
        }
        foreach (var scope in Scopes.Where(scope => string.Equals(scope.EventName, raised.Name, StringComparison.OrdinalIgnoreCase)).ToArray())
            scope.Cancel();
        // What waits on after ContinueAsNew was left behind: the event is the next execution's.
        if (Restart is not null && _run is { IsCompleted: true })
            Events.Buffer(raised.Name, raised.Input);
        else
            Events.Raise(raised.Name, raised.Input);
    });

    private static string Describe(OrchestratorAction action) => action switch
    {
        CallActivity call => $"a call of activity '{call.Name}' as action {call.Id}",
        StartChild child => $"a start of child '{child.Name}' as action {child.Id}",
        CallEntity call => $"a call of '{call.Operation}' of {call.Target} as action {call.Id}",
        SignalEntity signal => $"a signal '{signal.Operation}' to {signal.Target} as action {signal.Id}",
        RequestLock locked => $"a lock of {string.Join(' ', locked.LockSet)} as action {locked.Id}",
        Unlock unlocked => $"a release of {unlocked.Target} as action {unlocked.Id}",
        SendEventTo sent => $"a send of event '{sent.Name}' as action {sent.Id}",
        _ => $"a timer as action {action.Id}",
    };
}
