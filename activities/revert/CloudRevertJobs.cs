using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>CloudStack's job of a revert: its id is ours.</summary>
internal static class CloudRevertJobs
{
    /// <summary>Derived from the request, and refused by CloudStack where it was used before: a call that is sent twice reverts once.</summary>
    public static Guid Of(RequestKey key) => NameUuid.From($"revert\n{key.Value}");

    public static async Task<bool> IsKnownAsync(this CloudStackClient cloudStack, Guid job, CancellationToken cancellation)
    {
        try
        {
            await cloudStack.GetJobAsync(job.ToString("D"), cancellation);
            return true;
        }
        catch (CloudStackException unknown) when (unknown.Kind is CloudStackErrorKind.NotFound or CloudStackErrorKind.Rejected)
        {
            return false;
        }
    }
}
