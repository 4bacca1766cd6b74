namespace SnapshotWorkflows.Durable.Engine;

/// <summary>Pump mode has nothing left to do: no turn, no activity, no timer. Mostly an event that nobody sends, or a name that is not registered.</summary>
public sealed class PumpStalledException() : InvalidOperationException(
    "Nothing is left to do, and the awaited state has not come: no turn is ready, no activity runs, and no timer is due that the clock could be moved to.");
