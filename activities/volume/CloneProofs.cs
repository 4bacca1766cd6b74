using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>What must be true of a volume with our mark before it is deleted, and again before it is purged.</summary>
internal static class CloneProofs
{
    /// <summary>Set by CloudStack's plug-in on volumes of its users.</summary>
    public const string CloudStackMark = "CloudStackVolumeId";

    /// <exception cref="StepFaultException"><c>clone.not-ours</c>, <c>clone.in-access-group</c> or <c>clone.in-use</c>: nothing was touched.</exception>
    public static async Task RequireUnusedAsync(this SolidFireClient array, Volume clone, CancellationToken cancellation)
    {
        if (clone.FindAttribute(CloudStackMark) is not null)
        {
            throw new StepFaultException(new StepFault(
                "clone.not-ours", FaultKind.Conflict, $"Volume {clone.VolumeId} bears {CloudStackMark}: CloudStack uses it. It was not deleted.", "Find out who made it a CloudStack volume; take our mark off it if it is to stay."));
        }

        if (clone.AccessGroupIds.Count > 0)
        {
            throw new StepFaultException(new StepFault(
                "clone.in-access-group", FaultKind.Conflict, $"Volume {clone.VolumeId} is in access group {string.Join(", ", clone.AccessGroupIds)}. It was not deleted.", "Take it out of the group if nobody uses it."));
        }

        await array.RequireNoSessionAsync(clone.VolumeId, _ => true, "It was not deleted.", cancellation);
    }

    /// <summary>Asked before access is taken back too: that ends the sessions, and who was logged in could not be told any more.</summary>
    /// <param name="whose">Which initiators count; null: the array did not tell who it is.</param>
    /// <exception cref="StepFaultException"><c>clone.in-use</c>.</exception>
    public static async Task RequireNoSessionAsync(this SolidFireClient array, long volumeId, Predicate<string?> whose, string outcome, CancellationToken cancellation)
    {
        if ((await array.ListIscsiSessionsAsync(volumeId, cancellation)).FirstOrDefault(session => whose(session.InitiatorName)) is not { } session) return;
        throw new StepFaultException(new StepFault(
            "clone.in-use", FaultKind.Busy, $"{session.InitiatorName} is logged in to volume {volumeId}. {outcome}", "Log the host out of the target (unplug the PBD, iscsiadm --logout)."));
    }
}
