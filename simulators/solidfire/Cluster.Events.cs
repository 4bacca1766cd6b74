using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire;

internal sealed partial class Cluster
{
    private const int EventsKept = 1000;

    public Queue<JsonObject> Events { get; } = [];

    public void RecordCall(string method, JsonObject result) =>
        Record("apiEvent", $"API Call ({method})", new() { ["method"] = method, ["result"] = string.Join(',', result.Select(member => member.Key)) });

    public void Record(string type, string message, JsonObject details)
    {
        var entry = new JsonObject
        {
            ["details"] = details,
            ["driveID"] = 0,
            ["driveIDs"] = new JsonArray(),
            ["eventID"] = ++Ids.Event,
            ["eventInfoType"] = type,
            ["message"] = message,
            ["nodeID"] = 1,
            ["serviceID"] = 0,
            ["severity"] = 0,
            ["timeOfPublish"] = Json.PreciseTime(Now),
            ["timeOfReport"] = Json.PreciseTime(Now),
        };
        Events.Enqueue(entry);
        state?.Added(entry);
        if (Events.Count > EventsKept)
        {
            state?.Removed(Events.Dequeue());
        }
    }

    /// <summary>Notes a fault; one with this code that is not resolved yet stays the only one.</summary>
    public ClusterFault Raise(string code, string severity, string type, string details)
    {
        if (Faults.Values.FirstOrDefault(fault => fault.Code == code && fault.ResolvedDate is null) is { } known)
        {
            return known;
        }

        var raised = new ClusterFault { Id = ++Ids.Fault, Code = code, Severity = severity, Type = type, Details = details, Date = Now };
        Faults.Add(raised.Id, raised);
        return raised;
    }

    public void Resolve(string code)
    {
        foreach (var fault in Faults.Values.Where(fault => fault.Code == code && fault.ResolvedDate is null))
        {
            fault.ResolvedDate = Now;
        }
    }
}
