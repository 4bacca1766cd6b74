using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.CloudStackSteps;

/// <summary>Asks CloudStack whether a snapshot is finished and of this volume. Makes nothing.</summary>
[DurableTask(StepNames.ResolveSnapshot)]
public sealed class ResolveSnapshot(CloudStackClient cloudStack, IActivityExecution execution) : StepActivity<ResolveSnapshotInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(ResolveSnapshotInput input, CancellationToken cancellation)
    {
        IReadOnlyList<CloudStackSnapshot> found;
        try
        {
            found = await cloudStack.ListSnapshotsAsync(new SnapshotFilter { Id = input.SnapshotId }, cancellation);
        }
        catch (CloudStackException unknown) when (unknown.Kind == CloudStackErrorKind.NotFound)
        {
            found = [];
        }

        if (found.FirstOrDefault(one => string.Equals(one.Id, input.SnapshotId, StringComparison.OrdinalIgnoreCase)) is not { } snapshot)
            throw Refusal("adopt.not-found", FaultKind.NotFound, $"CloudStack has no snapshot {input.SnapshotId} that our key may see.", "Check the snapshot's uuid.");
        if (!string.Equals(snapshot.VolumeId, input.VolumeId, StringComparison.OrdinalIgnoreCase))
            throw Refusal("adopt.other-volume", FaultKind.Rejected, $"CloudStack's snapshot {input.SnapshotId} is of volume {snapshot.VolumeId}, not of {input.VolumeId}.", "Name the snapshot's own volume.");
        return snapshot.State == "BackedUp"
            ? true
            : throw Refusal("adopt.not-ready", FaultKind.Busy, $"CloudStack's snapshot {input.SnapshotId} is {snapshot.State}.", "Wait until it is BackedUp (which on managed storage means: taken on the array), then ask again.");
    }

    private static StepFaultException Refusal(string code, FaultKind kind, string message, string remedy) => new(new StepFault(code, kind, message, remedy));
}
