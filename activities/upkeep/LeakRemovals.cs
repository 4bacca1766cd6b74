using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Turns the leaks of a request into the undo steps of its own workflow, with all their proofs.</summary>
internal static class LeakRemovals
{
    public static LeakRemoval Of(RequestKey key, IReadOnlyList<MarkedThing> leaks, IReadOnlyList<Intent> open)
    {
        MarkedThing? Leak(string role) => leaks.FirstOrDefault(thing => thing.Role == role);
        var folder = open.FirstOrDefault(intent => intent.Role == Roles.Folder) is { } intended ? new DestinationFolder(intended.Scope, intended.Marker) { Key = key } : null;
        var stream = open.FirstOrDefault(intent => intent.Role == Roles.Stream) is { } staged ? Target(key, staged) : null;
        var unpublished = folder ?? (stream is null ? null : new DestinationFolder(stream.Destination, stream.Folder) { Key = key });
        var store = leaks.Any(thing => thing.System == "secondary");
        return new LeakRemoval(key)
        {
            Thaw = Leak(Roles.Freeze) is { } frozen ? new FreezeInput(key, frozen.Scope, frozen.ObjectId) : null,
            Unpublished = unpublished,
            // Without its folder it cannot be told whether the disk is a published copy: it stays.
            Vdi = Leak(Roles.DestinationVdi) is { SrUuid: { } sr } vdi && folder is not null ? new OwnedVdiInput(key, vdi.Scope, sr) : null,
            Task = Leak(Roles.CopyTask) is { } task ? new LeakedTask(key, task.Scope, task.ObjectId) : null,
            DestinationSr = Leak(Roles.DestinationSr) is { } destination ? new OwnedSrInput(key, destination.Scope, key.NameFor(Roles.DestinationSr)) : null,
            Stream = store ? stream : null,
            Folder = store && stream is null ? folder : null,
            Sr = Leak(Roles.Sr) is { } introduced ? new OwnedSrInput(key, introduced.Scope, key.NameFor(Roles.Sr)) : null,
            Lun = Leak(Roles.Clone) is { Source: { } source } ? new OwnedCloneInput(key, source) : null,
            Snapshot = Leak(Roles.Snapshot) is { Source: { } volume } ? new StorageSnapshotInput(key, volume, TimeSpan.Zero) : null,
        };
    }

    /// <summary>format|folder|location, as CopyStream intends it; null for what an older version wrote.</summary>
    private static StreamTarget? Target(RequestKey key, Intent intent) =>
        intent.Marker.Split('|') is [var format, var folder, var location] ? new StreamTarget(key, intent.Scope, folder, location, format) : null;
}
