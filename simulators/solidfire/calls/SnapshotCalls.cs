using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

internal sealed class SnapshotCalls(Cluster cluster)
{
    public void Register(CallTable table)
    {
        table.Write("CreateSnapshot", CreateSnapshot);
        table.Read("ListSnapshots", ListSnapshots);
        table.Write("ModifySnapshot", ModifySnapshot);
        table.Write("DeleteSnapshot", DeleteSnapshot);
        table.Write("CreateGroupSnapshot", CreateGroupSnapshot);
        table.Read("ListGroupSnapshots", ListGroupSnapshots);
        table.Write("DeleteGroupSnapshot", DeleteGroupSnapshot);
    }

    private JsonObject CreateSnapshot(CallParameters parameters)
    {
        var volume = cluster.ActiveVolume(parameters.RequiredInteger("volumeID"));
        var copied = parameters.Identifier("snapshotID") is { } copiedId ? cluster.Snapshot(copiedId) : null;
        if (copied is not null && copied.Volume != volume)
        {
            throw ApiError.InvalidParameter($"SnapshotID {copied.Id} does not belong to VolumeID {volume.Id}");
        }

        var snapshot = Take(parameters, [volume], copied).Single();
        return new JsonObject { ["checksum"] = snapshot.Checksum, ["snapshot"] = snapshot.ToJson(), ["snapshotID"] = snapshot.Id };
    }

    private JsonObject CreateGroupSnapshot(CallParameters parameters)
    {
        var ids = parameters.Integers("volumes") ?? throw ApiError.MissingParameter("volumes");
        if (ids.Count < 2 || ids.Count > cluster.Options.Limits.VolumesPerGroupSnapshot || ids.Distinct().Count() != ids.Count)
        {
            throw ApiError.InvalidParameter($"A group snapshot has 2 to {cluster.Options.Limits.VolumesPerGroupSnapshot} different volumes");
        }

        var members = Take(parameters, [.. ids.Select(cluster.ActiveVolume)], copied: null);
        var group = new GroupSnapshot
        {
            Id = cluster.NextGroupSnapshot(),
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

        return new JsonObject
        {
            ["groupSnapshot"] = group.ToJson(),
            ["groupSnapshotID"] = group.Id,
            ["members"] = Json.Array(members.Select(member => new JsonObject
            {
                ["checksum"] = member.Checksum,
                ["snapshotID"] = member.Id,
                ["snapshotUUID"] = member.Uuid.ToString(),
                ["volumeID"] = member.Volume.Id,
            })),
        };
    }

    /// <summary>All or nothing: every check comes before the first snapshot.</summary>
    private List<Snapshot> Take(CallParameters parameters, IReadOnlyList<Volume> volumes, Snapshot? copied)
    {
        var now = cluster.Now;
        var name = Name(parameters) ?? Json.Time(now);
        var attributes = ObjectAttributes.Read(parameters) ?? [];
        var expiry = SnapshotExpiry.Read(parameters, now);
        var replicate = parameters.Flag("enableRemoteReplication") ?? false;
        var label = parameters.Text("snapMirrorLabel");
        parameters.Accept("ensureSerialCreation");
        foreach (var volume in volumes)
        {
            MakeRoom(volume, expiry.Fifo);
        }

        var taken = new List<Snapshot>(volumes.Count);
        foreach (var volume in volumes)
        {
            var stamp = copied?.ContentStamp ?? Volatile.Read(ref volume.ContentStamp);
            var snapshot = new Snapshot
            {
                Id = cluster.NextSnapshot(),
                Volume = volume,
                CreateTime = now,
                Device = (copied?.Device ?? volume.Device).Snapshot(),
                ContentStamp = stamp,
                Attributes = (JsonObject)attributes.DeepClone(),
                Name = name,
                EnableRemoteReplication = replicate,
                SnapMirrorLabel = label,
            };
            expiry.ApplyTo(snapshot);
            cluster.Snapshots.Add(snapshot.Id, snapshot);
            taken.Add(snapshot);
        }

        return taken;
    }

    private void MakeRoom(Volume volume, bool fifo)
    {
        var existing = cluster.SnapshotsOf(volume).ToList();
        var pool = existing.FindAll(snapshot => snapshot.Fifo);
        if (fifo && pool.Count >= Math.Max(volume.FifoSize, 1))
        {
            cluster.RemoveSnapshot(pool[0]);
            existing.Remove(pool[0]);
        }

        var limit = cluster.Options.Limits.SnapshotsPerVolume;
        if (existing.Count >= limit)
        {
            throw new ApiError("xMaxSnapshotsPerVolumeExceeded", $"Maximum snapshots per volume is {limit}");
        }
    }

    private string? Name(CallParameters parameters)
    {
        var name = parameters.Text("name");
        return name is null || name.Length <= cluster.Options.Limits.SnapshotNameLength
            ? name
            : throw ApiError.InvalidParameter($"Snapshot names have at most {cluster.Options.Limits.SnapshotNameLength} characters");
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
        var name = Name(parameters);
        var changesExpiry = parameters.Has("expirationTime") || parameters.Has("retention");
        var expiry = SnapshotExpiry.Read(parameters, cluster.Now);
        if (changesExpiry)
        {
            // An explicit null keeps the snapshot for ever.
            expiry.ApplyTo(snapshot);
        }

        snapshot.Name = name ?? snapshot.Name;
        snapshot.EnableRemoteReplication = parameters.Flag("enableRemoteReplication") ?? snapshot.EnableRemoteReplication;
        snapshot.SnapMirrorLabel = parameters.Text("snapMirrorLabel") ?? snapshot.SnapMirrorLabel;
        return new JsonObject { ["snapshot"] = snapshot.ToJson() };
    }

    private JsonObject DeleteSnapshot(CallParameters parameters)
    {
        var snapshot = cluster.Snapshot(parameters.RequiredInteger("snapshotID"));
        parameters.Accept("overrideSnapMirrorHold");
        cluster.RemoveSnapshot(snapshot);
        return [];
    }

    private JsonObject ListGroupSnapshots(CallParameters parameters)
    {
        var volumes = parameters.Integers("volumes");
        var only = parameters.Identifier("groupSnapshotID") is { } id ? Group(id) : null;
        return new JsonObject
        {
            ["groupSnapshots"] = Json.Array(cluster.GroupSnapshots.Values
                .Where(group => only is null || group == only)
                .Where(group => volumes is not { Count: > 0 } || group.Members.Exists(member => volumes.Contains(member.Volume.Id)))
                .Select(group => group.ToJson())),
        };
    }

    private JsonObject DeleteGroupSnapshot(CallParameters parameters)
    {
        var group = Group(parameters.RequiredInteger("groupSnapshotID"));
        var saveMembers = parameters.RequiredFlag("saveMembers");
        foreach (var member in group.Members.ToList())
        {
            member.Group = null;
            if (!saveMembers)
            {
                cluster.RemoveSnapshot(member);
            }
        }

        cluster.GroupSnapshots.Remove(group.Id);
        return [];
    }

    private GroupSnapshot Group(long id) => cluster.GroupSnapshots.TryGetValue(id, out var group)
        ? group
        : throw new ApiError("xGroupSnapshotIDDoesNotExist", $"GroupSnapshotID {id} does not exist.");
}
