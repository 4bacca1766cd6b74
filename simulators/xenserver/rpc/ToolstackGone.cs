namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>The toolstack that took the call is no more: its connections break, whatever they waited for.</summary>
internal sealed class ToolstackGone() : Exception("The toolstack restarted.");
