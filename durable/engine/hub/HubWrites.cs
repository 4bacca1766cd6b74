using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Hub;

/// <summary>A unit that is written whole or not at all. Many units may share one transaction.</summary>
public abstract record HubWrite;

/// <summary>Creates an instance (Pending) with its start message.</summary>
/// <param name="RefusedBy">Statuses of an existing instance that refuse the start; a live instance refuses always.</param>
public sealed record StartInstance(ExecutionStartedEvent Start, DateTimeOffset VisibleAt, IReadOnlySet<OrchestrationRuntimeStatus> RefusedBy) : HubWrite
{
    /// <summary>
    /// What the start leads to, run by whoever asks for it and written with it: then there is no start message. Of revision 0, consumes nothing and is no restart. A hub that does not give
    /// the instance to this process writes the start alone; <see cref="WriteResult.TookFirstTurn"/> tells.
    /// </summary>
    public CommitTurn? FirstTurn { get; init; }
}

/// <summary>Puts a message into the inbox of a live instance. An entity that does not exist comes to be.</summary>
public sealed record SendMessage(string InstanceId, HistoryEvent Event) : HubWrite
{
    /// <summary>Not to be consumed earlier; null for at once.</summary>
    public DateTimeOffset? VisibleAt { get; init; }
}

/// <summary>Says why a live instance does not go on; its next turn takes the note away. Refused while it has ended, Fenced where it says so already.</summary>
public sealed record NoteReason(string InstanceId, string Reason) : HubWrite
{
    /// <summary>Text from anywhere: without what a hub cannot keep.</summary>
    public string Reason { get; } = Reason.Replace('\0', '\uFFFD');
}

/// <summary>Takes the right to run a call: the attempt number rises by one.</summary>
public sealed record ClaimActivity(ActivityKey Key) : HubWrite
{
    /// <summary>Fenced while any node holds it, this one included.</summary>
    public bool OnlyIfFree { get; init; }
}

/// <summary>Calls of this process that have not begun are anybody's again, each if the attempt is still the current one, which then was none: no code of it has run.</summary>
public sealed record ReleaseActivities(IReadOnlyList<(ActivityKey Key, int Attempt)> Calls) : HubWrite;

/// <summary>Stores the end of a call as a message, if <paramref name="Attempt"/> is still the current one.</summary>
public sealed record StoreCompletion(ActivityKey Key, int Attempt, HistoryEvent Event) : HubWrite;

/// <summary>Keeps the latest progress of a call, if <paramref name="Attempt"/> is still the current one.</summary>
public sealed record StoreProgress(ActivityKey Key, int Attempt, string Progress) : HubWrite;

/// <summary>
/// Puts a small text of the host's own (the state of a timer) in place of the one of <paramref name="Revision"/>; 0 = there is none yet. When another
/// node was faster the write is fenced, and <see cref="WriteResult.Document"/> tells what stands there now; revision -1 matches nothing, hence reads.
/// </summary>
/// <param name="Name">At most 200 characters.</param>
public sealed record StoreDocument(string Name, long Revision, string Content) : HubWrite
{
    public static StoreDocument Read(string name) => new(name, -1, "");
}

/// <summary>
/// Counts one more death against a suspect, in advance: written before its turn, or its entity's operation, is tried. The commit that follows makes it void, since deaths
/// are counted at one revision; a process that dies instead leaves it standing. The result's count is the new number, 0 when nothing counts at the present revision.
/// </summary>
public sealed record BeginTrial(string InstanceId) : HubWrite;

/// <summary>A suspect was tried and had nothing to do: no death is held against it any more.</summary>
public sealed record Acquit(string InstanceId) : HubWrite;

/// <summary>Removes an ended instance, or an entity, and everything of it.</summary>
public sealed record PurgeInstance(string InstanceId, bool Recursive) : HubWrite
{
    /// <summary>Refused as a whole while a child, or a child's child, lives.</summary>
    public bool KeepIfChildrenLive { get; init; }

    /// <summary>
    /// Refused as a whole while somebody may still rewind what needs it: its parent is Failed (and would begin a child that is gone anew), or one below it is Failed and ended after this time.
    /// Null: neither is looked at.
    /// </summary>
    public DateTimeOffset? KeepRewindableSince { get; init; }
}
