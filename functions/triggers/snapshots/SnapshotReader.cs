using System.Text.Json;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Execution;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Reads one snapshot from where it is truest: the hub while its instance is there, the catalog afterwards.</summary>
public sealed class SnapshotReader(SnapshotIndex index, IActivityProgressReader progress)
{
    internal async Task<SnapshotView?> FindAsync(RequestKey key, DurableTaskClient client, CancellationToken cancellation)
    {
        var row = index.Find(key);

        // Once the row says so the snapshot's own instance no longer tells how it stands.
        if (row?.Status.State is SnapshotState.Destroying or SnapshotState.Destroyed) return SnapshotView.Of(row);
        var instance = await client.GetInstanceAsync(key.Value, getInputsAndOutputs: true, cancellation);
        if (instance?.ReadInputAs<SnapshotVolumeInput>() is not { } input) return row is null ? null : SnapshotView.Of(row);

        var status = Status(instance);
        var view = row is null ? SnapshotView.Of(input, status, instance.CreatedAt) : SnapshotView.Of(row with { Status = status });
        return status.Ended ? view : view with { Progress = await ProgressAsync(key, status, cancellation) };
    }

    /// <summary>An instance that the engine itself ended (terminated, or its code no longer fits) has not undone what it made: that is said.</summary>
    private static SnapshotStatus Status(OrchestrationMetadata instance)
    {
        var status = instance.ReadCustomStatusAs<SnapshotStatus>() ?? new SnapshotStatus { State = SnapshotState.Allocated };
        if (status.Ended || !instance.IsCompleted) return status;
        var why = instance.FailureDetails?.ErrorMessage ?? $"The instance was ended as {instance.RuntimeStatus}.";
        return status with
        {
            State = status.State == SnapshotState.BackedUp ? SnapshotState.BackedUp : SnapshotState.Error,
            Failure = status.Failure ?? new StepNotice("instance.ended", why, "What it made may be left on array, hosts and store: look at the instance's history and the ledger of intents.", status.Step ?? ""),
            Ended = true,
        };
    }

    private async Task<StepProgress?> ProgressAsync(RequestKey key, SnapshotStatus status, CancellationToken cancellation)
    {
        if (await progress.ReadProgressAsync(key.Value, cancellation) is not { } reported) return null;
        var read = reported.Deserialize(ContractsJson.Default.StepProgress);
        return read?.Step == status.Step ? read : null;
    }
}
