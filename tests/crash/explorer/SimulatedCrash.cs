namespace SnapshotWorkflows.Tests.Crash.Explorer;

/// <summary>The death of the process, as code sees it.</summary>
internal sealed class SimulatedCrash(string where) : Exception($"The process died {where}.");
