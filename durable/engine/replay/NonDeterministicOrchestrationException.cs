namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>The history was written by code that acted otherwise than the code at hand.</summary>
public sealed class NonDeterministicOrchestrationException(string detail) : Exception(
    $"Non-Deterministic workflow detected: {detail} The orchestrator's code has changed since the instance began, or it uses something that differs between replays. "
    + "Give changed orchestrators a new name or version, and let instances of the old one end on the old code.");
