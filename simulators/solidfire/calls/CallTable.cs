using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>One method: since which API version, which access an administrator needs, whether it changes the cluster.</summary>
internal sealed record ApiMethod(string Name, ApiVersion Since, string Access, bool Writes, Func<CallParameters, JsonObject> Call);

/// <summary>Methods by name. Each runs under the cluster's lock: a call is atomic.</summary>
internal sealed class CallTable
{
    /// <summary>Access that any administrator has.</summary>
    public const string Anyone = "read";

    private readonly SortedDictionary<string, ApiMethod> methods = new(StringComparer.Ordinal);

    public void Read(string method, Func<CallParameters, JsonObject> call, string since = "1.0") =>
        methods.Add(method, new ApiMethod(method, ApiVersion.Parse(since), Anyone, Writes: false, call));

    /// <param name="access">Access of the vendor's control table that allows the method, besides <c>administrator</c> and <c>write</c>.</param>
    public void Write(string method, string access, Func<CallParameters, JsonObject> call, string since = "1.0") =>
        methods.Add(method, new ApiMethod(method, ApiVersion.Parse(since), access, Writes: true, call));

    public IEnumerable<string> NamesOf(ApiVersion version) => methods.Values.Where(method => !(version < method.Since)).Select(method => method.Name);

    /// <summary>The method, unless it came with a later version.</summary>
    public ApiMethod? Find(string name, ApiVersion version) =>
        methods.TryGetValue(name, out var method) && !(version < method.Since) ? method : null;
}
