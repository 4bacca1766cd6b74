using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Orchestrators;

namespace SnapshotWorkflows.App;

/// <summary>A terminated snapshot would leave behind what it had made: its own cancel route undoes it instead.</summary>
internal sealed class SnapshotTerminateGuard(DurableTaskClient client) : ITerminateGuard
{
    public async Task<TerminateDecision> DecideAsync(OrchestrationMetadata instance, TerminateRequest request, CancellationToken cancellation)
    {
        if (Route(instance.Name) is not { } route || !RequestKey.TryParse(instance.InstanceId, out var key)) return TerminateDecision.Allow;
        if (!request.Forced)
        {
            return TerminateDecision.Refuse(
            "snapshot.cancel-instead",
            "A workflow under way holds things on array, hosts and store, which a terminate would leave behind.",
            $"POST /api/{route}/{key.Uuid}/cancel, or add force=true to have it undone in the same way.");
        }

        await client.RaiseEventAsync(instance.InstanceId, "Cancel", request.Reason, cancellation);
        return TerminateDecision.Handled;
    }

    private static string? Route(string workflow) => workflow switch
    {
        nameof(SnapshotVolume) => "snapshots",
        nameof(RestoreVolume) => "restores",
        nameof(SnapshotGroup) => "groups",
        nameof(RevertVolume) => "reverts",
        _ => null,
    };
}
