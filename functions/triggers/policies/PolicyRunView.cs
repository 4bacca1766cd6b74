using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>A run of a policy as the API shows it.</summary>
/// <param name="At">When the schedule wanted it; when it was asked for.</param>
/// <param name="Caller">Who asked for it; null where the schedule did.</param>
/// <param name="Missed">Earlier occurrences that it stands for.</param>
/// <param name="State">Running, Done, Failed (some of its volumes have no copy, or it came to none) or Cancelled.</param>
/// <param name="Taken">Volumes that have a copy; null until the end.</param>
/// <param name="Failures">Volumes without, and why; null until the end.</param>
internal sealed record PolicyRunView(
    string Id, string Policy, DateTimeOffset At, string? Caller, int Missed, string State, string? Step, StepNotice? Waiting, int? Taken, IReadOnlyList<PolicyRunFailure>? Failures, StepNotice? Failure, bool Ended)
{
    /// <summary>What the caller may see of it.</summary>
    public PolicyRunView For(HttpRequest request) => request.IsOperator() ? this : this with { Waiting = Waiting.Public(), Failure = Failure.Public(), Failures = Failures?.Select(failure => failure.Public()).ToList() };

    /// <returns>Null where the instance is no run of this policy.</returns>
    public static PolicyRunView? Of(string policy, OrchestrationMetadata instance)
    {
        if (instance.ReadInputAs<PolicyOccurrence>() is not { Policy.Name: { } named } run || named != policy) return null;
        var status = instance.ReadCustomStatusAs<WorkflowStatus>();
        var view = new PolicyRunView(run.Instance.Uuid, policy, run.At, run.ByHand?.Caller, run.Missed, "Running", status?.Step, status?.Waiting, Taken: null, Failures: null, Failure: null, Ended: false);
        return instance.IsCompleted ? view.AsEnded(instance) : view;
    }

    private PolicyRunView AsEnded(OrchestrationMetadata instance)
    {
        var ended = this with { Step = null, Waiting = null, Ended = true };
        if (instance.RuntimeStatus == OrchestrationRuntimeStatus.Completed && instance.ReadOutputAs<PolicyRunResult>() is { } result)
            return ended with { State = result.Failures.Count == 0 ? "Done" : "Failed", Taken = result.Taken, Failures = result.Failures };
        if (instance is not { RuntimeStatus: OrchestrationRuntimeStatus.Failed, FailureDetails: { } details }) return ended with { State = "Failed", Failure = WorkInstances.EndedByEngine(instance, Step) };
        var fault = StepFault.From(details);
        return fault.Kind == FaultKind.Cancelled ? ended with { State = "Cancelled" } : ended with { State = "Failed", Failure = fault.Ending(Step ?? "") };
    }
}

/// <summary>The answer to a start.</summary>
internal sealed record PolicyRunAccepted(PolicyRunView Run, string Id, string CancelUri, HttpManagementPayload? Management);
