using System.Globalization;
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
        // An SR that was introduced is proven gone, by its own pool and right before, also where the listing showed none: the LUN goes next.
        var introduced = Leak(Roles.Sr)?.Scope ?? ((Leak(Roles.Clone) ?? Leak(Roles.Volume)) is null ? null : open.FirstOrDefault(intent => intent.Role == Roles.Sr)?.Scope);
        return new LeakRemoval(key)
        {
            Thaw = Leak(Roles.Freeze) is { } frozen ? Freeze(key, frozen) : null,
            Unpublished = unpublished,
            // Without its folder it cannot be told whether the disk is a published copy: it stays.
            Vdi = Leak(Roles.DestinationVdi) is { SrUuid: { } sr } vdi && folder is not null ? new OwnedVdiInput(key, vdi.Scope, sr) : null,
            Task = Leak(Roles.CopyTask) is { } task ? new LeakedTask(key, task.Scope, task.ObjectId) : null,
            DestinationSr = Leak(Roles.DestinationSr) is { } destination ? new OwnedSrInput(key, destination.Scope, key.NameFor(Roles.DestinationSr)) : null,
            Stream = store ? stream : null,
            Folder = store && stream is null ? folder : null,
            Sr = introduced is null ? null : new OwnedSrInput(key, introduced, key.NameFor(Roles.Sr)),
            Lun = Leak(Roles.Clone) is { Source: { } source } ? new OwnedCloneInput(key, source) : null,
            Group = Group(key, leaks),
            Access = Leak(Roles.Volume) is { } reached && open.Any(intent => intent.Role == Roles.Access) ? new AccessInput(key, Volume(reached), InitiatorIqn: "") : null,
            Volume = Leak(Roles.Volume) is { } restored ? new OwnedVolumeInput(key, restored.Scope, restored.Name) : null,
            Snapshot = Leak(Roles.Snapshot) is { Source: { } volume } ? new StorageSnapshotInput(key, volume, TimeSpan.Zero) : null,
        };
    }

    /// <summary>A pause's scope is pool/machine, a hook's is CloudStack's machine.</summary>
    private static FreezeInput Freeze(RequestKey key, MarkedThing frozen) => frozen.System == "xenserver" && frozen.Scope.Split('/') is [var pool, var machine]
        ? new FreezeInput(key, VmId: "", frozen.ObjectId) { Pool = pool, VmUuid = machine }
        : new FreezeInput(key, frozen.Scope, frozen.ObjectId);

    private static ArrayVolume Volume(MarkedThing thing) => new(thing.Scope, long.Parse(thing.ObjectId, CultureInfo.InvariantCulture));

    /// <summary>By the volumes of the group and of its members: after a deletion that broke off there may be only the one or the other.</summary>
    private static GroupSnapshotInput? Group(RequestKey key, IReadOnlyList<MarkedThing> leaks)
    {
        var things = leaks.Where(thing => thing.Role == Roles.Group).ToList();
        var volumes = things.SelectMany(thing => thing.Source is { } source ? [source, .. thing.Volumes] : thing.Volumes).Distinct().ToList();
        return volumes.Count > 0 ? new GroupSnapshotInput(key, volumes, TimeSpan.Zero) : null;
    }

    /// <summary>format|folder|location, as CopyStream intends it; null for what an older version wrote.</summary>
    private static StreamTarget? Target(RequestKey key, Intent intent) =>
        intent.Marker.Split('|') is [var format, var folder, var location] ? new StreamTarget(key, intent.Scope, folder, location, format) : null;
}
