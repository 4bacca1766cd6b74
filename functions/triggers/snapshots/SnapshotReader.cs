using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Reads one snapshot from where it is truest: the hub while its instance is there, the catalog afterwards.</summary>
public sealed class SnapshotReader(SnapshotIndex index, WorkInstances instances)
{
    internal async Task<SnapshotView?> FindAsync(RequestKey key, DurableTaskClient client, CancellationToken cancellation)
    {
        var row = index.Find(key);

        // Once the row says so the snapshot's own instance no longer tells how it stands.
        if (row?.Status.State == SnapshotState.Destroying) return await DestroyingAsync(row, client, cancellation);
        if (row?.Status.State == SnapshotState.Destroyed) return SnapshotView.Of(row);
        var instance = await WorkInstances.FindAsync(client, "SnapshotVolume", key, cancellation);
        if (instance?.ReadInputAs<SnapshotVolumeInput>() is not { } input || input.Key != key) return row is null ? null : SnapshotView.Of(row);

        var status = Status(instance);
        if (row is null && instance.IsCompleted && UnknownToCatalog.Claims(status.State)) status = status with { State = SnapshotState.Error, Manifest = null, Location = null, Failure = UnknownToCatalog.Notice };

        // The instance was started again by hand, and its refusal is none of the snapshot's: the row never runs ahead of the instance that wrote it. That what it made is gone since is told by the row alone.
        if (row?.Status is { Ended: true } told && told.State != status.State && (told.State != SnapshotState.Error || status.Ended)) return SnapshotView.Of(row);
        var view = row is null ? SnapshotView.Of(input, status, instance.CreatedAt) : SnapshotView.Of(row with { Status = status });
        return status.Ended ? view : view with { Progress = await instances.ProgressAsync(key, status.Step, cancellation) };
    }

    /// <summary>While it is being deleted the deletion's own instance tells how far it is, and what holds it up.</summary>
    private async Task<SnapshotView> DestroyingAsync(SnapshotRow row, DurableTaskClient client, CancellationToken cancellation)
    {
        var view = SnapshotView.Of(row);
        var deletion = await WorkInstances.FindAsync(client, "DeleteSnapshot", DeleteSnapshotInput.InstanceOf(row.Key), cancellation);
        if (deletion is { IsCompleted: false })
        {
            var status = deletion.ReadCustomStatusAs<WorkflowStatus>();
            return view with { Step = status?.Step, Cleanup = view.Cleanup with { Stuck = status?.Waiting } };
        }

        // It may have ended between the two looks.
        if (index.Find(row.Key) is { Status.State: not SnapshotState.Destroying } told) return SnapshotView.Of(told);
        return view with
        {
            Cleanup = view.Cleanup with
            {
                Stuck = new StepNotice(
                    "instance.ended", deletion is null ? "The instance of its deletion is not in the hub any more." : $"The instance of its deletion was ended as {deletion.RuntimeStatus}.",
                    "DELETE the snapshot again: the deletion goes on from where it was. Without that it is taken up within six hours.", "DeleteSnapshot"),
            },
        };
    }

    /// <summary>An instance that the engine itself ended (terminated, or its code no longer fits) has not undone what it made: that is said.</summary>
    private static SnapshotStatus Status(OrchestrationMetadata instance)
    {
        var status = instance.ReadCustomStatusAs<SnapshotStatus>() ?? new SnapshotStatus { State = SnapshotState.Allocated };
        if (status.Ended || !instance.IsCompleted) return status;
        return status with
        {
            State = status.State == SnapshotState.BackedUp ? SnapshotState.BackedUp : SnapshotState.Error,
            Failure = status.Failure ?? WorkInstances.EndedByEngine(instance, status.Step),
            Ended = true,
        };
    }
}
