namespace SnapshotWorkflows.Contracts;

public sealed record ChooseScrubsInput(DateTimeOffset Now);

/// <param name="Snapshots">Those proven longest ago, as many as today's share of bytes allows.</param>
/// <param name="Due">All that are due.</param>
public sealed record ChosenScrubs(IReadOnlyList<RequestKey> Snapshots, int Due);

/// <summary>What VerifySnapshot is started with.</summary>
public sealed record VerifySnapshotInput(RequestKey Snapshot, string Caller);

/// <param name="Verdict"><c>whole</c>, <c>damaged</c> or <c>gone</c> (deleted meanwhile, or never backed up).</param>
public sealed record VerifiedSnapshot(string SnapshotId, string Verdict, string? Detail);

/// <summary>What a copy must hold, as its manifest tells.</summary>
/// <param name="Copy">Null when there is no copy to be read.</param>
/// <param name="Missing">The catalog says that it is backed up, and no manifest is there.</param>
public sealed record ExpectedCopy(VerifyCopyInput? Copy, bool Missing);

public sealed record ScrubInput(string Caller)
{
    /// <summary>The one instance that there is: two at once would read the same copies.</summary>
    public const string InstanceId = "scrub-snapshots";
}

public sealed record ScrubResult(int Read, int Damaged, int Due, IReadOnlyList<SweepFailure> Failures);
