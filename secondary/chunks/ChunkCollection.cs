namespace SnapshotWorkflows.Secondary.Chunks;

/// <summary>How a collection goes about it.</summary>
public sealed record ChunkCollectRequest
{
    /// <summary>
    /// The undo window: a deleted snapshot is purged by the collection that finds its tombstone after that many earlier ones have listed it. 0 = at once. Default 1: who collects daily can bring a snapshot back for a day at least.
    /// </summary>
    public int UndoCollections { get; init; } = 1;

    /// <summary>Whether the backup of a session (named by its snapshot's id) is known to be dead: it is closed then. Null = none is, and whatever runs delays deletions.</summary>
    public Func<string, bool>? IsDead { get; init; }

    /// <summary>Tell what would be purged and condemned, and change nothing.</summary>
    public bool DryRun { get; init; }
}

/// <summary>What a collection did.</summary>
/// <param name="Purged">Snapshots that cannot be brought back from here on.</param>
/// <param name="Condemned">Packs and indexes that nothing reaches; at most 200,000 of each, the next collection takes the rest.</param>
/// <param name="Deleted">Packs and indexes deleted.</param>
/// <param name="WaitingFor">Backups at work (by their snapshot's id) because of which what is condemned is not deleted yet: the next collection goes on.</param>
/// <param name="Closed">Dead backups that were closed.</param>
public sealed record ChunkCollectReport(IReadOnlyList<string> Purged, int Condemned, int Deleted, IReadOnlyList<string> WaitingFor, IReadOnlyList<string> Closed)
{
    /// <summary>Hidden snapshots of which nobody can tell whether their deletion was undone, for that note is damaged: all of each is kept until it is deleted once more.</summary>
    public IReadOnlyList<string> Undecided { get; init; } = [];
}
