namespace SnapshotWorkflows.Contracts;

/// <summary>Faults that more than one room raises.</summary>
public static class Faults
{
    public static StepFault Cancelled() =>
        new("cancelled", FaultKind.Cancelled, "The snapshot was cancelled on request; what it had made was removed.", "Start it again when it is wanted.");
}
