namespace SnapshotWorkflows.Contracts;

/// <summary>Thrown by an activity, and by an orchestrator that ends failed; its fault travels in the failure details.</summary>
public sealed class StepFaultException(StepFault fault, Exception? inner = null) : Exception(fault.Message, inner)
{
    public StepFault Fault { get; } = fault;
}
