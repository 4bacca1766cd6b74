namespace SnapshotWorkflows.SolidFire;

/// <summary>Narrows ListVolumes. <see cref="VolumeIds"/> excludes <see cref="AccountIds"/>.</summary>
public sealed record VolumeFilter
{
    public IReadOnlyList<long>? VolumeIds { get; init; }

    public IReadOnlyList<long>? AccountIds { get; init; }

    /// <summary>Exact; several volumes may bear the name.</summary>
    public string? Name { get; init; }

    /// <summary><see cref="Volume.ActiveStatus"/> or <see cref="Volume.DeletedStatus"/>; null = both.</summary>
    public string? Status { get; init; }
}
