using System.Text.Json;
using SnapshotWorkflows.Durable.Execution;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Reads how workflows stand from their instances.</summary>
public sealed class WorkInstances(IActivityProgressReader progress)
{
    /// <summary>The instance of this workflow and key; null when there is none.</summary>
    internal static async Task<OrchestrationMetadata?> FindAsync(DurableTaskClient client, string workflow, RequestKey key, CancellationToken cancellation) =>
        await client.GetInstanceAsync(key.Value, getInputsAndOutputs: true, cancellation) is { } instance && instance.Name == workflow ? instance : null;

    /// <summary>Progress of the step under way; null when it reports none.</summary>
    internal async Task<StepProgress?> ProgressAsync(RequestKey key, string? step, CancellationToken cancellation)
    {
        if (await progress.ReadProgressAsync(key.Value, cancellation) is not { } reported) return null;
        var read = reported.Deserialize(ContractsJson.Default.StepProgress);
        return read?.Step == step ? read : null;
    }

    /// <summary>What is said of an instance that the engine itself ended (terminated, or its code no longer fits): it has not undone what it made.</summary>
    internal static StepNotice EndedByEngine(OrchestrationMetadata instance, string? step) => new(
        "instance.ended", instance.FailureDetails?.ErrorMessage ?? $"The instance was ended as {instance.RuntimeStatus}.",
        "What it made may be left on array, hosts and store: look at the instance's history and the ledger of intents.", step ?? "");
}
