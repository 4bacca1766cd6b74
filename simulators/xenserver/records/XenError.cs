using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>An API error: its code and its parameters, as they go over the wire.</summary>
internal sealed class XenError(string code, params string[] parameters) : Exception(code)
{
    public string Code { get; } = code;

    public IReadOnlyList<string> Parameters { get; } = parameters;

    public string[] Description => [Code, .. Parameters];

    /// <summary>A storage driver's numbered error: reason in the second parameter, what it printed in the third.</summary>
    public static XenError Backend(int number, string reason, string printed = "") => new($"SR_BACKEND_FAILURE_{number}", "", reason, printed);

    /// <summary>The error that a fault planned.</summary>
    public static XenError Planned(FaultSpecification fault)
    {
        fault.Shows();
        return new(fault.ErrorName ?? "INTERNAL_ERROR", [.. fault.ErrorParams]);
    }

    public static XenError Internal(string text) => new("INTERNAL_ERROR", text);
}
