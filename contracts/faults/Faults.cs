namespace SnapshotWorkflows.Contracts;

/// <summary>Faults that more than one room raises.</summary>
public static class Faults
{
    public static StepFault Cancelled() =>
        new("cancelled", FaultKind.Cancelled, "It was cancelled on request; what it had begun is undone before it ends.", "Start it again when it is wanted.");

    /// <summary>Something that our own code did not foresee.</summary>
    public static StepFault Defect(Exception failure) => new(
        "internal", FaultKind.Rejected, $"{failure?.GetType().Name}: {failure?.Message}", "This is a defect of SnapshotWorkflows: report it with the instance's history.");
}
