namespace SnapshotWorkflows.Contracts;

/// <summary>Collects what deleted snapshots left in the repositories of chunks.</summary>
/// <param name="By">Who asked, for the audit trail.</param>
/// <param name="Destination">One destination; null = every one that has a repository.</param>
public sealed record CollectChunksInput(string By, string? Destination = null)
{
    /// <summary>The one instance that there is: two collections at once would do no harm and no good.</summary>
    public const string InstanceId = "collect-chunks";
}

public sealed record CollectChunksResult(IReadOnlyList<CollectedRepository> Repositories);

/// <param name="Destinations">Names of those that have a repository.</param>
public sealed record ChunkRepositories(IReadOnlyList<string> Destinations);

public sealed record CollectRepositoryInput(string Destination);

/// <summary>What a collection did to one repository.</summary>
/// <param name="Purged">Deleted snapshots that cannot be brought back from here on.</param>
/// <param name="Condemned">Packs and indexes that nothing needs.</param>
/// <param name="Deleted">Packs and indexes deleted.</param>
/// <param name="WaitingFor">Snapshots at work because of which what is condemned is not deleted yet: the next run goes on.</param>
/// <param name="Closed">Backups that had ended without an end, and were closed.</param>
public sealed record CollectedRepository(string Destination, IReadOnlyList<string> Purged, int Condemned, int Deleted, IReadOnlyList<string> WaitingFor, IReadOnlyList<string> Closed)
{
    /// <summary>Hidden snapshots of which nobody can tell whether their deletion was undone; all of each is kept until it is deleted once more. Null in histories that are older than it.</summary>
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Undecided { get; init; }

    /// <summary>Why it was not collected; null where it was.</summary>
    public StepFault? Failure { get; init; }
}
