namespace SnapshotWorkflows.Secondary.Chunks;

/// <summary>What is to be looked at.</summary>
public sealed record ChunkVerifyRequest
{
    /// <summary>Ids of snapshots; null = all of them, and all of the repository's texts.</summary>
    public IReadOnlyCollection<string>? Snapshots { get; init; }

    /// <summary>
    /// How much of the content is read again: 0 = none (that every object is there, and that manifests, indexes and packs' tails are what they must be), 100 = every byte of every pack that is referred to, between them that share
    /// of the packs, chosen by <see cref="Seed"/>.
    /// </summary>
    public int ContentPercent { get; init; } = 100;

    /// <summary>Chooses the packs of a sample: a rotation takes another one each time.</summary>
    public int Seed { get; init; }

    /// <summary>Whether packs that are found damaged or missing are marked as such in the repository: the next backup then stores their leaves anew instead of referring to them. Not for a copy that must stay as it is.</summary>
    public bool MarkDamage { get; init; } = true;
}

/// <summary>Something that is wrong.</summary>
/// <param name="Code"><see cref="ChunkCodes.Damaged"/> or <see cref="ChunkCodes.Missing"/>.</param>
/// <param name="Object">The object's name.</param>
/// <param name="Snapshot">A snapshot that suffers from it; null where none does, or the manifest itself is damaged.</param>
/// <param name="Extent">Which part of that snapshot's disk.</param>
public sealed record ChunkFinding(string Code, string Object, string Message, string? Snapshot = null, DiskExtent? Extent = null);

/// <summary>The outcome of a verification.</summary>
/// <param name="Findings">Empty = all that was looked at is as it was written. At most 10,000 are kept.</param>
public sealed record ChunkVerifyReport(int Snapshots, long Packs, long Leaves, long ReadBytes, IReadOnlyList<ChunkFinding> Findings)
{
    public bool Sound => Findings.Count == 0;

    /// <summary>Length, as stored, of all leaves that are sound, of each snapshot: one that several places of its disk need counts once, and one that several snapshots need once for each.</summary>
    public long StoredBytes { get; init; }

    /// <summary>Why damaged packs could not be marked (<see cref="ChunkVerifyRequest.MarkDamage"/>): the next backup may refer to them again.</summary>
    public SecondaryException? Unmarked { get; init; }
}
