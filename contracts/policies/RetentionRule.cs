namespace SnapshotWorkflows.Contracts;

/// <summary>
/// Which copies of a volume a policy keeps. A count claims one copy, the newest, in each of so many hours, days, ... that hold a verified copy at all
/// (grandfather, father, son); a copy that any count claims is kept. Without counts everything younger than <see cref="MaxAge"/> is kept, without either everything.
/// </summary>
public sealed record RetentionRule
{
    public const int CountMax = 10_000;

    /// <summary>The newest so many, as CloudStack's maxsnaps counts (SnapshotManagerImpl.postCreateRecurringSnapshotForPolicy).</summary>
    public int? Last { get; init; }

    public int? Hourly { get; init; }

    public int? Daily { get; init; }

    /// <summary>Weeks begin on Monday (ISO 8601).</summary>
    public int? Weekly { get; init; }

    public int? Monthly { get; init; }

    public int? Yearly { get; init; }

    /// <summary>No count keeps a copy that is older.</summary>
    public TimeSpan? MaxAge { get; init; }

    public bool HasCounts => Last is not null || Hourly is not null || Daily is not null || Weekly is not null || Monthly is not null || Yearly is not null;
}
