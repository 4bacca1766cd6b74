using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <summary>What reaches the dispatcher from other threads, in order.</summary>
internal abstract record EngineInput;

/// <summary>A row was committed to an inbox.</summary>
internal sealed record Delivered(InboxMessage Message) : EngineInput;

/// <summary>An attempt has returned; <paramref name="End"/> is null when nothing is to be recorded.</summary>
internal sealed record AttemptEnded(ActivityExecution Execution, HistoryEvent? End) : EngineInput;

/// <summary>A batch of an entity has run; <paramref name="Commit"/> is null when it broke and nothing is to be recorded.</summary>
/// <param name="Broke">What broke it.</param>
internal sealed record EntityBatchEnded(EntityBatch Batch, CommitEntity? Commit, string? Broke = null) : EngineInput;

/// <summary>A failed instance lives again; its work is to be taken up.</summary>
internal sealed record Reopened(CommitTurn Commit) : EngineInput;

/// <summary>Somebody wants something written with the next transaction.</summary>
internal sealed record WriteRequest(HubWrite Write, TaskCompletionSource<WriteResult> Done, CancellationToken Withdrawn) : EngineInput
{
    /// <summary>Nobody waits for it any more: it may have been asked for again elsewhere, and answered.</summary>
    /// <returns>True when it is not to be written; whoever still looks is told so.</returns>
    public bool DropIfWithdrawn() => Withdrawn.IsCancellationRequested && (Done.TrySetCanceled(Withdrawn) || Done.Task.IsCanceled);
}

/// <summary>A transaction that was written beside the dispatcher is over; one of the two is null. What it delivered came before.</summary>
internal sealed record Landed(IReadOnlyList<WriteResult>? Results, Exception? Failure) : EngineInput;

/// <summary>Time has come, or the engine is to stop.</summary>
internal sealed record Nudge : EngineInput
{
    public static Nudge Instance { get; } = new();
}

/// <summary>The hub was out of reach for so long that the others may have taken over what is this node's.</summary>
internal sealed record LeaseOver : EngineInput
{
    public static LeaseOver Instance { get; } = new();
}

/// <summary>Other nodes have been heard of.</summary>
internal sealed record NewsArrived(HubNews News) : EngineInput;
