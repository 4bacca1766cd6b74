using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>What happened, what is wrong, and who is logged in.</summary>
internal sealed class EventCalls(Cluster cluster)
{
    public void Register(CallTable table)
    {
        table.Read("ListEvents", ListEvents);
        table.Read("ListClusterFaults", ListClusterFaults);
        table.Write("ClearClusterFaults", CallTable.Anyone, ClearClusterFaults);
        table.Read("ListISCSISessions", _ => new JsonObject
        {
            ["sessions"] = Json.Array(cluster.Sessions.Select(session => session.ToJson(
                cluster.Accounts[session.Volume.AccountId].Username, cluster.Options.Svip, cluster.FindInitiator(session.Initiator) is { } known ? cluster.Describe(known) : null))),
        });
    }

    /// <summary>Newest first, as recorded answers are, although the reference says oldest first.</summary>
    private JsonObject ListEvents(CallParameters parameters)
    {
        var first = parameters.Integer("startEventID") ?? 0;
        var last = parameters.Integer("endEventID") ?? long.MaxValue;
        var most = parameters.Identifier("maxEvents") ?? int.MaxValue;
        var type = parameters.Text("eventType");
        var (published, publishedUntil) = (parameters.Time("startPublishTime"), parameters.Time("endPublishTime"));
        var (reported, reportedUntil) = (parameters.Time("startReportTime"), parameters.Time("endReportTime"));
        var (node, drive, service) = (parameters.Identifier("nodeID"), parameters.Identifier("driveID"), parameters.Identifier("serviceID"));
        var chosen = cluster.Events
            .Where(entry => Number(entry, "eventID") >= first && Number(entry, "eventID") <= last)
            .Where(entry => type is null || (string?)entry["eventInfoType"] == type)
            .Where(entry => Within(entry, "timeOfPublish", published, publishedUntil) && Within(entry, "timeOfReport", reported, reportedUntil))
            .Where(entry => (node is null || Number(entry, "nodeID") == node) && (drive is null || Number(entry, "driveID") == drive) && (service is null || Number(entry, "serviceID") == service))
            .Reverse()
            .Take((int)Math.Min(most, int.MaxValue))
            .Select(entry => (JsonObject)entry.DeepClone());
        return new JsonObject { ["eventQueueType"] = "", ["events"] = Json.Array(chosen) };
    }

    private JsonObject ListClusterFaults(CallParameters parameters)
    {
        var types = parameters.Choice("faultTypes", "current", "resolved", "all") ?? "all";
        parameters.Accept("bestPractices", "update");
        return new JsonObject
        {
            ["faults"] = Json.Array(cluster.Faults.Values
                .Where(fault => types == "all" || fault.ResolvedDate is not null == (types == "resolved"))
                .Select(fault => fault.ToJson())),
        };
    }

    private JsonObject ClearClusterFaults(CallParameters parameters)
    {
        var types = parameters.Choice("faultTypes", "current", "resolved", "all") ?? "resolved";
        foreach (var fault in cluster.Faults.Values.Where(fault => types == "all" || fault.ResolvedDate is not null == (types == "resolved")).ToList())
        {
            cluster.Faults.Remove(fault.Id);
        }

        return [];
    }

    private static long Number(JsonObject entry, string name) => long.Parse(entry[name]!.ToString(), System.Globalization.CultureInfo.InvariantCulture);

    private static bool Within(JsonObject entry, string name, DateTimeOffset? from, DateTimeOffset? until)
    {
        var time = DateTimeOffset.Parse(entry[name]!.ToString(), System.Globalization.CultureInfo.InvariantCulture);
        return (from is null || time >= from) && (until is null || time <= until);
    }
}
