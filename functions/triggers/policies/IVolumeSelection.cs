namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Asks CloudStack which volumes a policy means now. Only a preview waits for it; a run has a step for it.</summary>
public interface IVolumeSelection
{
    /// <summary>Does not throw where CloudStack cannot be asked, and takes seconds at most.</summary>
    Task<VolumeSelection> FindAsync(PolicyVolumes volumes, CancellationToken cancellation);
}

/// <param name="Id">CloudStack's uuid.</param>
public sealed record SelectedVolume(string Id, string Name, string? Account);

/// <param name="Volumes">By id; null where CloudStack could not be asked.</param>
/// <param name="Unresolved">Why not.</param>
public sealed record VolumeSelection(IReadOnlyList<SelectedVolume>? Volumes, IReadOnlyList<string>? Missing, string? Unresolved);
