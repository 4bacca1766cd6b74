using System.Globalization;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.CloudStack.Calls;

/// <summary>Snapshots of managed volumes: they stay on the primary storage, and "BackedUp" says no more than that.</summary>
internal sealed class SnapshotCalls(CloudState state, CloudStackOptions options, TimeProvider clock, JobCalls jobs, ListCalls lists, CloudEvents events)
{
    private static readonly string[] Intervals = ["HOURLY", "DAILY", "WEEKLY", "MONTHLY"];

    public JsonObject Create(CommandParameters parameters)
    {
        var volume = Volume(parameters.RequiredText("volumeid"));
        var location = (parameters.Text("locationtype") ?? "primary").ToUpperInvariant();
        if (location is not ("PRIMARY" or "SECONDARY"))
        {
            throw new CloudError(431, 4350, $"Invalid location type: {location}");
        }

        if (location == "SECONDARY")
        {
            // The copy to secondary storage is the service under test; CloudStack's own is not simulated.
            throw new CloudError(530, 9999, "Snapshots on secondary storage are not simulated");
        }

        var id = Guid.NewGuid().ToString();
        var now = clock.GetUtcNow();
        var machine = state.VirtualMachines.Find(candidate => candidate.Id == volume.VirtualMachineId);
        var name = parameters.Text("name") ?? $"{machine?.Name ?? "detached"}_{volume.Name}_{now.UtcDateTime.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}";
        var snapshot = new CloudSnapshot(id, name, volume.Id, volume.Account, volume.ZoneId, "Creating", location, "MANUAL", "MANUAL", now);
        var tags = parameters.Pairs("tags").ToList();
        var answer = jobs.Start(parameters.Command, () => Finish(volume, snapshot), "Snapshot", id, parameters.Text("customjobid"));
        state.Snapshots.Add(snapshot);
        state.Tags.AddRange(tags.Select(tag => new CloudTag(id, "Snapshot", tag.Key, tag.Value)));
        events.Raise("SNAPSHOT.CREATE", "Scheduled", snapshot, $"creating snapshot for volume: {volume.Id}");
        return answer;
    }

    public JsonObject Delete(CommandParameters parameters)
    {
        var snapshot = Snapshot(parameters.RequiredText("id"));
        if (snapshot.State is not ("BackedUp" or "Error" or "Destroying"))
        {
            throw new CloudError(431, 4350, $"Can't delete snapshot {snapshot.Id} in state {snapshot.State}");
        }

        return jobs.Start(parameters.Command, () =>
        {
            if (snapshot.State != "Error")
            {
                // From Error only the row goes; what is on the array stays there, as in the real thing.
                OnStorage(storage => storage.Delete(Volume(snapshot.VolumeId), snapshot));
            }

            state.Snapshots.Remove(snapshot);
            state.Tags.RemoveAll(tag => tag.ResourceId == snapshot.Id);
            events.Raise("SNAPSHOT.DELETE", "Completed", snapshot, "Successfully completed deleting snapshot");
            return new JsonObject { ["success"] = true };
        }, "Snapshot", snapshot.Id);
    }

    public JsonObject Revert(CommandParameters parameters)
    {
        var snapshot = Snapshot(parameters.RequiredText("id"));
        var volume = Volume(snapshot.VolumeId);
        var machine = state.VirtualMachines.Find(candidate => candidate.Id == volume.VirtualMachineId);
        if (machine is not null && machine.State != "Stopped")
        {
            throw new CloudError(431, 4350, $"The VM the specified disk is attached to is not in the shutdown state. vm id={machine.Id}");
        }

        return jobs.Start(parameters.Command, () =>
        {
            OnStorage(storage => storage.Revert(volume, snapshot));
            events.Raise("SNAPSHOT.REVERT", "Completed", snapshot, "Successfully completed revert snapshot");
            return new JsonObject { ["snapshot"] = lists.Describe(snapshot) };
        }, "Snapshot", snapshot.Id, parameters.Text("customjobid"));
    }

    public JsonObject ListPolicies(CommandParameters parameters)
    {
        var volume = parameters.Text("volumeid") is { } id ? Volume(id) : null;
        var only = parameters.Text("id");
        if (volume is null && only is null)
        {
            throw CloudError.Missing(parameters.Command, "volumeid");
        }

        var chosen = state.Policies.Where(policy => (volume is null || policy.VolumeId == volume.Id) && (only is null || policy.Id == only)).ToList();
        return chosen.Count == 0 ? [] : new JsonObject { ["count"] = chosen.Count, ["snapshotpolicy"] = new JsonArray([.. chosen.Select(Describe)]) };
    }

    /// <summary>One for each interval type: creating a second changes the first.</summary>
    public JsonObject CreatePolicy(CommandParameters parameters)
    {
        var volume = Volume(parameters.RequiredText("volumeid"));
        var interval = System.Array.IndexOf(Intervals, parameters.RequiredText("intervaltype").ToUpperInvariant());
        var most = parameters.Integer("maxsnaps") ?? throw CloudError.Missing(parameters.Command, "maxsnaps");
        if (interval < 0 || most is < 1 or > 8)
        {
            throw new CloudError(431, 4350, "intervaltype is HOURLY, DAILY, WEEKLY or MONTHLY, maxsnaps from 1 to 8");
        }

        var known = state.Policies.Find(policy => policy.VolumeId == volume.Id && policy.IntervalType == interval);
        var made = new CloudSnapshotPolicy(
            known?.Id ?? Guid.NewGuid().ToString(), volume.Id, interval, parameters.RequiredText("schedule"), parameters.RequiredText("timezone"), most);
        state.Policies.RemoveAll(policy => policy.Id == made.Id);
        state.Policies.Add(made);
        return new JsonObject { ["snapshotpolicy"] = Describe(made) };
    }

    public JsonObject DeletePolicies(CommandParameters parameters)
    {
        var ids = parameters.List("ids").Concat(parameters.List("id")).ToList();
        if (ids.Find(id => !state.Policies.Exists(policy => policy.Id == id)) is { } unknown)
        {
            throw CloudError.UnknownEntity("id", unknown);
        }

        state.Policies.RemoveAll(policy => ids.Contains(policy.Id));
        return new JsonObject { ["success"] = true };
    }

    private JsonObject Finish(CloudVolume volume, CloudSnapshot snapshot)
    {
        events.Raise("SNAPSHOT.CREATE", "Started", snapshot, $"creating snapshot for volume: {volume.Id}");
        try
        {
            OnStorage(storage => storage.Take(volume, snapshot));
        }
        catch (CloudError failure)
        {
            Replace(snapshot, snapshot with { State = "Error" });
            // A failure completes too; only the description tells.
            events.Raise("SNAPSHOT.CREATE", "Completed", snapshot, $"Error while creating snapshot for volume: {volume.Id}");
            throw new CloudError(530, 9999, $"Failed to create snapshot due to an internal error creating snapshot for volume {volume.Id}: {failure.Message}");
        }

        var taken = snapshot with { State = "BackedUp" };
        Replace(snapshot, taken);
        events.Raise("SNAPSHOT.CREATE", "Completed", snapshot, $"Successfully completed creating snapshot for volume: {volume.Id}");
        return new JsonObject { ["snapshot"] = lists.Describe(taken) };
    }

    private void OnStorage(Action<ICloudStorage> act)
    {
        try
        {
            if (options.Storage is { } storage)
            {
                act(storage);
            }
        }
        catch (InvalidOperationException refused)
        {
            throw new CloudError(530, 9999, refused.Message);
        }
    }

    private void Replace(CloudSnapshot before, CloudSnapshot after) => state.Snapshots[state.Snapshots.FindIndex(held => held.Id == before.Id)] = after;

    private CloudVolume Volume(string id) => state.Volumes.Find(volume => volume.Id == id) ?? throw CloudError.UnknownEntity("volumeid", id);

    private CloudSnapshot Snapshot(string id) => state.Snapshots.Find(snapshot => snapshot.Id == id) ?? throw CloudError.UnknownEntity("id", id);

    private static JsonNode Describe(CloudSnapshotPolicy policy) => new JsonObject
    {
        ["id"] = policy.Id,
        ["volumeid"] = policy.VolumeId,
        ["schedule"] = policy.Schedule,
        ["intervaltype"] = policy.IntervalType,
        ["timezone"] = policy.TimeZone,
        ["maxsnaps"] = policy.MaxSnaps,
        ["fordisplay"] = true,
    };
}
