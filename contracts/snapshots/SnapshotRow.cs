namespace SnapshotWorkflows.Contracts;

/// <summary>A snapshot as the catalog lists it. A projection: rebuilt from hub and manifests, never the truth.</summary>
public sealed record SnapshotRow
{
    public required RequestKey Key { get; init; }

    public required string VolumeId { get; init; }

    public string? VolumeName { get; init; }

    public string? VmId { get; init; }

    public string? Account { get; init; }

    /// <summary>Uuid of the account's domain in CloudStack; null in rows that are older than it, which no tenant sees.</summary>
    public string? DomainId { get; init; }

    public string? Name { get; init; }

    public required string Caller { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required SnapshotStatus Status { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>The policy that it was taken for; null when a person asked.</summary>
    public string? Policy { get; init; }

    /// <summary>The array's volume, where its snapshot was kept there.</summary>
    public ArrayVolume? Primary { get; init; }

    /// <summary>CloudStack's snapshot that it was made of.</summary>
    public string? AdoptedSnapshotId { get; init; }

    /// <summary>The group that it was taken with.</summary>
    public string? GroupId { get; init; }

    /// <summary>Under legal hold; the truth is the object beside the manifest.</summary>
    public bool Held { get; init; }

    /// <summary>When a later reading found the copy damaged.</summary>
    public DateTimeOffset? DamagedAt { get; init; }

    /// <summary>When the copy was last read whole and found what it should be, after its first verification.</summary>
    public DateTimeOffset? LastProven { get; init; }

    /// <summary>When the copy could last not be read, so that nothing is known of it; null once it could.</summary>
    public DateTimeOffset? VerifyTriedAt { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>When a snapshot that came to nothing did; null in rows that are older than it.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why its copy was found damaged, could not be read, or was not deleted, held or released though that was asked; a reading that finds it whole, a deletion that begins, and of a hold the next that is done, take it off.</summary>
    public StepNotice? Notice { get; init; }
}
