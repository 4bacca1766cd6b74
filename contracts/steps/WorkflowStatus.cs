namespace SnapshotWorkflows.Contracts;

/// <summary>The custom status of a workflow behind the scenes.</summary>
/// <param name="Step">The step under way, by its activity's name.</param>
/// <param name="Waiting">Why nothing moves just now.</param>
/// <param name="Note">What a person should know.</param>
public sealed record WorkflowStatus(string? Step, StepNotice? Waiting, string? Note)
{
    /// <summary>What a person is asked; null when nothing is.</summary>
    public ExpiryQuestion? Question { get; init; }
}
