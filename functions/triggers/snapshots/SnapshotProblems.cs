namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Refusals that several routes of snapshots share.</summary>
internal static class SnapshotProblems
{
    public static ProblemResult NotFound(string id) =>
        new(404, "snapshot.not-found", $"There is no snapshot '{(id.Length <= 64 ? id : id[..64])}'.", "GET /api/snapshots lists what there is.");

    public static ProblemResult OtherBody() =>
        new(409, "idempotency-key.other-body", "This Idempotency-Key was used with another request.", "Use a new key for a new request; repeat a request with the same body.");
}
