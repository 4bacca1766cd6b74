using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Snapshots of single volumes.</summary>
internal sealed class SnapshotCalls(Cluster cluster, SnapshotTaker taker)
{
    public void Register(CallTable table)
    {
        table.Write("CreateSnapshot", "volumes", CreateSnapshot, since: "6.0");
        table.Read("ListSnapshots", ListSnapshots, since: "6.0");
        table.Write("ModifySnapshot", "volumes", ModifySnapshot, since: "8.0");
        table.Write("DeleteSnapshot", "volumes", DeleteSnapshot, since: "6.0");
        table.Write("RollbackToSnapshot", "volumes", RollbackToSnapshot, since: "6.0");
    }

    private JsonObject CreateSnapshot(CallParameters parameters)
    {
        var volume = cluster.ActiveVolume(parameters.RequiredInteger("volumeID"));
        var copied = parameters.Identifier("snapshotID") is { } copiedId ? cluster.Snapshot(copiedId) : null;
        if (copied is not null && copied.Volume != volume)
        {
            throw ApiError.InvalidParameter($"SnapshotID {copied.Id} does not belong to VolumeID {volume.Id}");
        }

        var snapshot = taker.Take(SnapshotRequest.Read(cluster, parameters), [volume], copied).Single();
        return new JsonObject { ["checksum"] = snapshot.Checksum, ["snapshot"] = snapshot.ToJson(), ["snapshotID"] = snapshot.Id };
    }

    private JsonObject ListSnapshots(CallParameters parameters)
    {
        var volume = parameters.Identifier("volumeID") is { } volumeId ? cluster.Volume(volumeId) : null;
        var only = parameters.Identifier("snapshotID") is { } snapshotId ? cluster.Snapshot(snapshotId) : null;
        return new JsonObject
        {
            ["snapshots"] = Json.Array(cluster.Snapshots.Values
                .Where(snapshot => (volume is null || snapshot.Volume == volume) && (only is null || snapshot == only))
                .Select(snapshot => snapshot.ToJson())),
        };
    }

    private JsonObject ModifySnapshot(CallParameters parameters)
    {
        var snapshot = cluster.Snapshot(parameters.RequiredInteger("snapshotID"));
        var name = SnapshotRequest.ReadName(cluster, parameters);
        var changesExpiry = parameters.Has("expirationTime") | parameters.Has("retention");
        var expiry = SnapshotExpiry.Read(parameters, cluster.Now);
        var replicated = parameters.Flag("enableRemoteReplication");
        var label = parameters.Text("snapMirrorLabel");
        // Everything is read before anything is written: a refused call changes nothing.
        if (changesExpiry)
        {
            // An explicit null keeps the snapshot for ever.
            expiry.ApplyTo(snapshot);
        }

        snapshot.Name = name ?? snapshot.Name;
        snapshot.EnableRemoteReplication = replicated ?? snapshot.EnableRemoteReplication;
        snapshot.SnapMirrorLabel = label ?? snapshot.SnapMirrorLabel;
        return new JsonObject { ["snapshot"] = snapshot.ToJson() };
    }

    private JsonObject DeleteSnapshot(CallParameters parameters)
    {
        var snapshot = cluster.Snapshot(parameters.RequiredInteger("snapshotID"));
        parameters.Accept("overrideSnapMirrorHold");
        cluster.RemoveSnapshot(snapshot);
        return [];
    }

    private JsonObject RollbackToSnapshot(CallParameters parameters)
    {
        var volume = cluster.ActiveVolume(parameters.RequiredInteger("volumeID"));
        var snapshot = cluster.Snapshot(parameters.RequiredInteger("snapshotID"));
        // The reference gives a default of false; the vendor's SDK always sends it.
        var save = parameters.Flag("saveCurrentState") ?? false;
        if (snapshot.Volume != volume)
        {
            throw ApiError.SnapshotUnknown(snapshot.Id);
        }

        var request = SnapshotRequest.Read(cluster, parameters);
        var saved = save ? taker.Take(request.Named(request.Name ?? $"{snapshot.Name}-copy"), [volume], copied: null).Single() : null;
        taker.RollBack(volume, snapshot);
        return new JsonObject { ["checksum"] = snapshot.Checksum, ["snapshot"] = saved?.ToJson(), ["snapshotID"] = saved?.Id };
    }
}
