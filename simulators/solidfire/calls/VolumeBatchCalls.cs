using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Calls on up to 500 volumes: all of them or none.</summary>
internal sealed class VolumeBatchCalls(Cluster cluster, VolumeCalls single)
{
    private const int Most = 500;

    public void Register(CallTable table)
    {
        table.Write("ModifyVolumes", "volumes", ModifyVolumes, since: "9.0");
        table.Write("DeleteVolumes", "volumes", DeleteVolumes, since: "9.0");
        table.Write("PurgeDeletedVolumes", "volumes", PurgeDeletedVolumes, since: "9.0");
    }

    private JsonObject ModifyVolumes(CallParameters parameters)
    {
        var ids = parameters.Integers("volumeIDs") ?? throw ApiError.MissingParameter("volumeIDs");
        Check(ids.Count);
        var volumes = ids.Select(single.Modifiable).ToList();
        volumes.ForEach(volume => single.Check(volume, parameters));
        volumes.ForEach(volume => single.Modify(volume, parameters));
        // The reference names the member "volume" in its table and "volumes" in its example.
        return new JsonObject { ["volumes"] = Json.Array(volumes.Select(cluster.Describe)) };
    }

    private JsonObject DeleteVolumes(CallParameters parameters)
    {
        var chosen = Chosen(parameters, volume => volume.Status == VolumeStatus.Active, cluster.ActiveVolume);
        chosen.ForEach(cluster.Delete);
        return new JsonObject { ["curve"] = QualityOfService.Curve(), ["volumes"] = Json.Array(chosen.Select(cluster.Describe)) };
    }

    private JsonObject PurgeDeletedVolumes(CallParameters parameters)
    {
        var chosen = Chosen(parameters, volume => volume.Status == VolumeStatus.Deleted, single.Deleted);
        chosen.ForEach(cluster.Purge);
        return [];
    }

    /// <summary>Exactly one of the three lists says which volumes are meant.</summary>
    private List<Volume> Chosen(CallParameters parameters, Predicate<Volume> state, Func<long, Volume> byId)
    {
        var ids = parameters.Integers("volumeIDs");
        var accounts = parameters.Integers("accountIDs");
        var groups = parameters.Integers("volumeAccessGroupIDs");
        if (new[] { ids, accounts, groups }.Count(list => list is { Count: > 0 }) != 1)
        {
            throw ApiError.InvalidParameter("Exactly one of volumeIDs, accountIDs and volumeAccessGroupIDs must be given");
        }

        var chosen = ids is { Count: > 0 }
            ? ids.Distinct().Select(byId).ToList()
            : accounts is { Count: > 0 }
                ? accounts.Select(cluster.Account).SelectMany(account => cluster.Volumes.Values.Where(volume => volume.AccountId == account.Id)).Where(volume => state(volume)).ToList()
                : groups!.Select(cluster.AccessGroup).SelectMany(group => group.Volumes.Concat(group.DeletedVolumes)).Distinct()
                    .Select(id => cluster.Volumes[id]).Where(volume => state(volume)).ToList();
        Check(chosen.Count);
        return chosen;
    }

    private static void Check(int count)
    {
        if (count > Most)
        {
            throw ApiError.LimitExceeded($"At most {Most} volumes may be given");
        }
    }
}
