using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Turns;

/// <summary>
/// What a replay sees of a history that was rewound. The history itself keeps every event; each ExecutionRewound event cuts what came before it:
/// the last turn that was told of a failure, and what followed, loses its failures and actions, but keeps the successes of what was begun earlier and the events from outside.
/// Failures that were told earlier and led to no action (a fan-out that waits for the rest) go too. So everything that failed is open again, and what is left replays by itself.
/// </summary>
public static class RewoundHistory
{
    /// <returns>The history itself where it was never rewound.</returns>
    public static IReadOnlyList<HistoryEvent> View(IReadOnlyList<HistoryEvent> history)
    {
        if (!history.Any(happened => happened is ExecutionRewoundEvent))
            return history;
        var view = new List<HistoryEvent>();
        foreach (var happened in history)
        {
            if (happened is ExecutionRewoundEvent)
                view = Cut(view);
            else
                view.Add(happened);
        }
        return view;
    }

    /// <summary>The history of a failed instance without its failure.</summary>
    internal static List<HistoryEvent> Cut(IReadOnlyList<HistoryEvent> failed)
    {
        var turns = Turns(failed);
        var cut = turns.FindLastIndex(turn => turn.Exists(IsFailure));
        if (cut < 0)
            cut = turns.Count - 1; // The orchestrator itself has thrown: its last turn is run again.
        var lastAction = turns.FindLastIndex(Math.Max(cut - 1, 0), Math.Max(cut, 0), turn => turn.Exists(IsAction));
        var begun = turns.Take(cut).SelectMany(turn => turn).Where(IsAction).Select(happened => happened.EventId).ToHashSet();
        var view = new List<HistoryEvent>();
        for (var index = 0; index < turns.Count; index++)
        {
            foreach (var happened in turns[index])
            {
                if (index < cut ? !(index > lastAction && IsFailure(happened)) : Stays(happened, begun))
                    view.Add(happened);
            }
        }
        return view;
    }

    private static bool Stays(HistoryEvent happened, HashSet<int> begun) => happened switch
    {
        TaskCompletedEvent completed => begun.Contains(completed.TaskScheduledId),
        SubOrchestrationInstanceCompletedEvent completed => begun.Contains(completed.TaskScheduledId),
        EntityOperationCompletedEvent completed => begun.Contains(completed.TaskScheduledId),
        EntityLockGrantedEvent granted => begun.Contains(granted.TaskScheduledId),
        TimerFiredEvent fired => begun.Contains(fired.TimerId),
        ExecutionCompletedEvent => false,
        _ => !IsFailure(happened) && !IsAction(happened),
    };

    private static bool IsFailure(HistoryEvent happened) => happened is TaskFailedEvent or SubOrchestrationInstanceFailedEvent or EntityOperationFailedEvent;

    private static bool IsAction(HistoryEvent happened) => happened.EventId >= 0 && happened
        is TaskScheduledEvent or TimerCreatedEvent or SubOrchestrationInstanceCreatedEvent or EventSentEvent
        or EntityOperationCalledEvent or EntityOperationSignaledEvent or EntityLockRequestedEvent or EntityUnlockSentEvent;

    private static List<List<HistoryEvent>> Turns(IReadOnlyList<HistoryEvent> history)
    {
        var turns = new List<List<HistoryEvent>>();
        foreach (var happened in history)
        {
            if (happened is OrchestratorStartedEvent || turns.Count == 0)
                turns.Add([]);
            turns[^1].Add(happened);
        }
        return turns;
    }
}
