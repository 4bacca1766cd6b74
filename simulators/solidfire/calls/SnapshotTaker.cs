using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>What a snapshot is to be like, whoever asks for it.</summary>
internal sealed record SnapshotRequest(string? Name, JsonObject Attributes, SnapshotExpiry Expiry, bool EnableRemoteReplication, string? SnapMirrorLabel)
{
    public static SnapshotRequest Read(Cluster cluster, CallParameters parameters)
    {
        var request = new SnapshotRequest(
            ReadName(cluster, parameters), ObjectAttributes.Read(parameters) ?? [], SnapshotExpiry.Read(parameters, cluster.Now),
            parameters.Flag("enableRemoteReplication") ?? false, parameters.Text("snapMirrorLabel"));
        parameters.Accept("ensureSerialCreation");
        return request;
    }

    /// <summary>Null when none is given.</summary>
    public static string? ReadName(Cluster cluster, CallParameters parameters) =>
        parameters.Text("name") is { } name && name.Length > cluster.Options.Limits.SnapshotNameLength
            ? throw ApiError.InvalidParameter($"Snapshot names have at most {cluster.Options.Limits.SnapshotNameLength} characters")
            : parameters.Text("name");

    public SnapshotRequest Named(string name) => this with { Name = name };
}

/// <summary>Takes snapshots of one or several volumes at one instant, and puts volumes back to them.</summary>
internal sealed class SnapshotTaker(Cluster cluster)
{
    /// <summary>All or nothing: every check comes before the first snapshot.</summary>
    public IReadOnlyList<Snapshot> Take(SnapshotRequest request, IReadOnlyList<Volume> volumes, Snapshot? copied)
    {
        var now = cluster.Now;
        ClusterFullness.Check(cluster);
        foreach (var volume in volumes)
        {
            CheckRoom(volume, request.Expiry.Fifo);
        }

        var taken = new List<Snapshot>(volumes.Count);
        foreach (var volume in volumes)
        {
            MakeRoom(volume, request.Expiry.Fifo);
            var snapshot = new Snapshot
            {
                Id = ++cluster.Ids.Snapshot,
                Volume = volume,
                CreateTime = now,
                ContentStamp = copied?.ContentStamp ?? Volatile.Read(ref volume.ContentStamp),
                Device = (copied?.Device ?? volume.Device).Snapshot(),
                Attributes = (JsonObject)request.Attributes.DeepClone(),
                Name = request.Name ?? Json.Time(now),
                EnableRemoteReplication = request.EnableRemoteReplication,
                SnapMirrorLabel = request.SnapMirrorLabel,
            };
            request.Expiry.ApplyTo(snapshot);
            cluster.Snapshots.Add(snapshot.Id, snapshot);
            taken.Add(snapshot);
        }

        return taken;
    }

    /// <summary>Binds snapshots that were taken together.</summary>
    public GroupSnapshot Group(IReadOnlyList<Snapshot> members)
    {
        var group = new GroupSnapshot
        {
            Id = ++cluster.Ids.GroupSnapshot,
            Name = members[0].Name,
            CreateTime = members[0].CreateTime,
            Attributes = (JsonObject)members[0].Attributes.DeepClone(),
            EnableRemoteReplication = members[0].EnableRemoteReplication,
        };
        cluster.GroupSnapshots.Add(group.Id, group);
        foreach (var member in members)
        {
            member.Group = group;
            group.Members.Add(member);
        }

        return group;
    }

    /// <summary>The volume keeps its size when it has grown since; what was written since is gone [the size is a guess].</summary>
    public void RollBack(Volume volume, Snapshot snapshot)
    {
        volume.Device.Restore(snapshot.Device);
        volume.ContentStamp = volume.Device.Length == snapshot.Device.Length ? snapshot.ContentStamp : cluster.NextContentStamp();
    }

    private void CheckRoom(Volume volume, bool fifo)
    {
        var existing = cluster.SnapshotsOf(volume).ToList();
        var pool = existing.Count(snapshot => snapshot.Fifo);
        var limit = cluster.Options.Limits.SnapshotsPerVolume;
        // Slots kept for snapshots that push one another out are not for others.
        var kept = fifo ? 0 : Math.Max(0, volume.MinFifoSize - pool);
        if (existing.Count + kept >= limit && !(fifo && pool >= Math.Max(volume.FifoSize, 1)))
        {
            throw new ApiError("xMaxSnapshotsPerVolumeExceeded", $"Maximum snapshots per volume is {limit}");
        }
    }

    private void MakeRoom(Volume volume, bool fifo)
    {
        if (fifo && cluster.SnapshotsOf(volume).Where(snapshot => snapshot.Fifo).ToList() is var pool && pool.Count >= Math.Max(volume.FifoSize, 1))
        {
            cluster.RemoveSnapshot(pool[0]);
        }
    }
}
