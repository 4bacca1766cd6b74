using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>CloudStack's job of a revert: its id is ours.</summary>
internal static class CloudRevertJobs
{
    /// <summary>Derived from the request, and refused by CloudStack where it was used before: a call that is sent twice reverts once.</summary>
    public static Guid Of(RequestKey key) => NameUuid.From($"revert\n{key.Value}");

    /// <exception cref="CloudStackException">NotFound: CloudStack says that it knows no such job.</exception>
    /// <exception cref="StepFaultException">Transient: whatever else is answered, a proxy's page or refused keys among it, says nothing of the job, and the volume may be put back meanwhile. It is asked again.</exception>
    public static async Task<CloudStackJob> AskForAsync(this CloudStackClient cloudStack, string job, CancellationToken cancellation)
    {
        try
        {
            return await cloudStack.GetJobAsync(job, cancellation);
        }
        catch (CloudStackException answer) when (answer.Kind != CloudStackErrorKind.NotFound && FaultMap.Find(answer) is { IsRetryable: false })
        {
            throw new StepFaultException(FaultMap.Find(answer)! with { Kind = FaultKind.Transient }, answer);
        }
    }

    public static async Task<bool> IsKnownAsync(this CloudStackClient cloudStack, Guid job, CancellationToken cancellation)
    {
        try
        {
            await cloudStack.AskForAsync(job.ToString("D"), cancellation);
            return true;
        }
        catch (CloudStackException unknown) when (unknown.Kind == CloudStackErrorKind.NotFound)
        {
            return false;
        }
    }
}
