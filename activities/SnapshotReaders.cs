namespace SnapshotWorkflows.Activities;

/// <summary>Workflows that need a snapshot, and so stand against its deletion: restores read its copy, reverts need what is on the array. One that was ended by force has not given back; it needs nothing more.</summary>
internal static class SnapshotReaders
{
    private const string Revert = "RevertVolume";

    /// <param name="revertsOnly">A restore needs the copy alone.</param>
    /// <returns>Why it is not deleted; null where nobody needs it.</returns>
    public static async Task<StepFault?> FindReaderAsync(this DurableTaskClient client, RequestKey snapshot, bool revertsOnly, CancellationToken cancellation)
    {
        if ((await client.Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, cancellation))?.State is not { } admission) return null;
        foreach (var reader in admission.ReadersOf(snapshot))
        {
            if (await client.GetInstanceAsync(reader, cancellation) is not { IsCompleted: false } instance) continue;
            var uuid = RequestKey.TryParse(reader, out var key) ? key.Uuid : reader;
            if (instance.Name == Revert)
                return new StepFault(FaultCodes.BeingReverted, FaultKind.Conflict, $"A volume is being put back to snapshot {snapshot.Uuid} by {uuid}, or about to be; it was not deleted.", $"Wait for the revert's end, or POST /api/reverts/{uuid}/cancel; then delete the snapshot again.");
            if (!revertsOnly)
                return new StepFault(FaultCodes.BeingRestored, FaultKind.Conflict, $"Snapshot {snapshot.Uuid} is being restored by {uuid}, or about to be; nothing was deleted.", $"Wait for the restore's end, or POST /api/restores/{uuid}/cancel; then delete the snapshot again.");
        }

        return null;
    }
}
