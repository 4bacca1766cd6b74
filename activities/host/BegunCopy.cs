using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>What the ledger knows of a request's copy: into which VDI it was begun, the pool's task once that was answered, and whether it is known to be whole.</summary>
/// <param name="Task">Null while no answer to the call that began it is known.</param>
internal sealed record BegunCopy(string VdiUuid, OpaqueRef? Task, bool Whole)
{
    private const string WholePrefix = "whole:";

    /// <summary>Null when none was begun, or the one that was is gone without having become whole. A whole one is told for ever, for nothing may copy into its VDI again.</summary>
    public static BegunCopy? Find(IntentLedger intents, RequestKey key) => intents.Last(key, Roles.CopyTask) switch
    {
        { ObjectId: { } id } copied when id.StartsWith(WholePrefix, StringComparison.Ordinal) => new BegunCopy(copied.Marker, new OpaqueRef(id[WholePrefix.Length..]), Whole: true),
        null or { State: IntentStates.Gone } => null,
        { ObjectId: var id } begun => new BegunCopy(begun.Marker, id is null ? null : new OpaqueRef(id), Whole: false),
    };

    /// <summary>This one if it is into that VDI, else null.</summary>
    public BegunCopy? Of(string vdiUuid) => VdiUuid == vdiUuid ? this : null;

    public static void Note(IntentLedger intents, RequestKey key, OpaqueRef task, bool whole) => intents.Made(key, Roles.CopyTask, whole ? WholePrefix + task.Value : task.Value);
}
