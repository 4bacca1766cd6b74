namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>Stands for the death of the process.</summary>
internal sealed class SimulatedCrash(string where) : Exception(where);
