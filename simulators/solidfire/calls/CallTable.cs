using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Methods by name. Each runs under the cluster's lock: a call is atomic.</summary>
internal sealed class CallTable
{
    private readonly SortedDictionary<string, (Func<CallParameters, JsonObject> Call, bool Writes)> methods = new(StringComparer.Ordinal);

    public IEnumerable<string> Names => methods.Keys;

    public void Read(string method, Func<CallParameters, JsonObject> call) => methods.Add(method, (call, false));

    public void Write(string method, Func<CallParameters, JsonObject> call) => methods.Add(method, (call, true));

    public bool TryGet(string method, out Func<CallParameters, JsonObject> call, out bool writes)
    {
        var found = methods.TryGetValue(method, out var entry);
        (call, writes) = entry;
        return found;
    }
}
