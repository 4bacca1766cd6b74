namespace SnapshotWorkflows.Contracts;

public sealed record SelectVolumesInput(PolicyVolumes Volumes)
{
    /// <summary>Name of the policy: its volumes whose earlier snapshot has not ended are left out. Null leaves none out.</summary>
    public string? Policy { get; init; }
}

/// <summary>A volume that is left out, for an earlier snapshot of it by the same policy still works, waits or cannot clean up.</summary>
public sealed record BusyVolume(string VolumeId, string SnapshotId, string Why);

/// <param name="VolumeIds">CloudStack uuids, each once, in order.</param>
/// <param name="Missing">Ids that CloudStack does not know any more.</param>
public sealed record SelectedVolumes(IReadOnlyList<string> VolumeIds, IReadOnlyList<string> Missing)
{
    public IReadOnlyList<BusyVolume> Busy { get; init; } = [];
}

/// <param name="Policy">As it was when the workflow was started: only its name counts, for its rule is read anew.</param>
/// <param name="Now">The orchestrator's time.</param>
public sealed record JudgeCopiesInput(SnapshotPolicy Policy, DateTimeOffset Now)
{
    /// <summary>The only volume to judge; null: all of the policy's.</summary>
    public string? VolumeId { get; init; }
}

/// <param name="VolumeId">CloudStack uuid.</param>
/// <param name="Verdicts">Newest first.</param>
public sealed record JudgedVolume(string VolumeId, IReadOnlyList<RetentionVerdict> Verdicts);

public sealed record JudgedCopies(IReadOnlyList<JudgedVolume> Volumes)
{
    /// <summary>Why a person should look before anything goes; null when nothing is strange.</summary>
    public string? Doubt { get; init; }

    /// <summary>When it is over by itself, so that no answer need be waited for any longer; null where only a person can tell.</summary>
    public DateTimeOffset? DoubtUntil { get; init; }
}

/// <summary>Asks the store itself whether copies that are to survive are there, manifest and data.</summary>
public sealed record ProveCopiesInput(IReadOnlyList<RequestKey> Snapshots);

/// <param name="Absent">Those of which something is missing.</param>
public sealed record ProvenCopies(IReadOnlyList<RequestKey> Absent);
