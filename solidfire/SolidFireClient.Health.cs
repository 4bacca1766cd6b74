using System.Text.Json;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

public sealed partial class SolidFireClient
{
    public async Task<ClusterCapacity> GetClusterCapacityAsync(CancellationToken cancellation) =>
        (await ReadAsync("GetClusterCapacity", [], SolidFireJson.Default.CapacityReply, cancellation)).Capacity;

    /// <summary>How full the cluster is, in the stages by which it refuses work.</summary>
    public Task<ClusterFullThreshold> GetClusterFullThresholdAsync(CancellationToken cancellation) =>
        ReadAsync("GetClusterFullThreshold", [], SolidFireJson.Default.ClusterFullThreshold, cancellation);

    /// <summary>Events from a number on, oldest first.</summary>
    /// <param name="type">For instance <c>cloneEvent</c>; null = all.</param>
    public async Task<IReadOnlyList<ClusterEvent>> ListEventsAsync(long fromEventId, string? type, int most, CancellationToken cancellation)
    {
        var parameters = new JsonObject { ["startEventID"] = fromEventId, ["maxEvents"] = most };
        if (type is not null) parameters["eventType"] = type;
        var reply = await ReadAsync("ListEvents", parameters, SolidFireJson.Default.EventsReply, cancellation);
        return [.. reply.Events.OrderBy(entry => entry.EventId)];
    }

    /// <summary>What is wrong now, or with <paramref name="resolvedToo"/> also what was.</summary>
    public async Task<IReadOnlyList<ClusterFault>> ListClusterFaultsAsync(bool resolvedToo, CancellationToken cancellation) =>
        (await ReadAsync("ListClusterFaults", new() { ["faultTypes"] = resolvedToo ? "all" : "current" }, SolidFireJson.Default.FaultsReply, cancellation)).Faults;

    /// <summary>Who our credentials are; null on clusters before 6.0, which cannot say.</summary>
    public async Task<ClusterAdmin?> FindCurrentAdminAsync(CancellationToken cancellation)
    {
        try
        {
            return (await ReadAsync("GetCurrentClusterAdmin", [], SolidFireJson.Default.AdminReply, cancellation)).Admin;
        }
        catch (SolidFireException fault) when (fault.ErrorName == "xUnknownAPIMethod")
        {
            return null;
        }
    }

    public async Task<VolumeStats> GetVolumeStatsAsync(long volumeId, CancellationToken cancellation)
    {
        var reply = await ReadAsync("GetVolumeStats", new() { ["volumeID"] = volumeId }, SolidFireJson.Default.JsonElement, cancellation);
        // An object on live clusters, an array in the vendor's example.
        var stats = Member(reply, "volumeStats") is { ValueKind: JsonValueKind.Array } several ? several.EnumerateArray().FirstOrDefault() : Member(reply, "volumeStats");
        return stats is { ValueKind: JsonValueKind.Object } one && one.Deserialize(SolidFireJson.Default.VolumeStats) is { } read && read.VolumeId == volumeId
            ? read
            : throw new SolidFireException("GetVolumeStats", SolidFireErrors.WrongObject, SolidFireErrorKind.Rejected, $"The answer is not about volume {volumeId}.");
    }
}
