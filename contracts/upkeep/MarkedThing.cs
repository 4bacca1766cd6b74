namespace SnapshotWorkflows.Contracts;

/// <summary>Something on an array, in a pool or on a store that looks as if we had made it, as one listing showed it. What it is worth is judged later.</summary>
/// <param name="System"><c>solidfire</c>, <c>xenserver</c>, <c>secondary</c> or <c>guest</c>.</param>
/// <param name="Scope">Cluster uuid, pool, destination, or the VM.</param>
/// <param name="Role">What its mark says that it is; as the intents spell it.</param>
/// <param name="Key">The request that its mark or its name tells; null when neither does.</param>
/// <param name="ObjectId">The system's own id.</param>
/// <param name="Installation">Whose mark it bears; null when it bears none.</param>
/// <param name="MadeAt">The later of what the mark and the system say; null when neither says.</param>
public sealed record MarkedThing(string System, string Scope, string Role, RequestKey? Key, string ObjectId, string Name, string? Installation, DateTimeOffset? MadeAt)
{
    /// <summary>The volume that a clone or a snapshot was taken from.</summary>
    public ArrayVolume? Source { get; init; }

    /// <summary>The volumes of a group's snapshot.</summary>
    public IReadOnlyList<ArrayVolume> Volumes { get; init; } = [];

    /// <summary>The SR that a VDI lies in, by its uuid.</summary>
    public string? SrUuid { get; init; }

    /// <summary>Why it must stay whatever else is true: a hand-over, another's use, a copy that it belongs to.</summary>
    public string? Stays { get; init; }
}

/// <summary>What one listing showed, complete: a listing that broke off has no result.</summary>
public sealed record MarkedThings(IReadOnlyList<MarkedThing> Things);

public sealed record SweepScopes(IReadOnlyList<string> Pools, IReadOnlyList<string> Destinations)
{
    /// <summary>Names of the arrays; null from a version that knew one alone.</summary>
    public IReadOnlyList<string>? Arrays { get; init; }
}

public sealed record ScopeInput(string Name);

/// <param name="Name">Null, from a version that knew one array alone, is the first.</param>
public sealed record ArrayScopeInput(string? Name);

public sealed record JudgeLeaksInput(IReadOnlyList<MarkedThing> Things, DateTimeOffset Now)
{
    /// <summary>Pools of which nothing was seen; null from a version that did not tell them.</summary>
    public IReadOnlyList<string>? UnlistedPools { get; init; }
}

/// <param name="Verdict"><see cref="LeakVerdicts"/>.</param>
/// <param name="Reason">In words.</param>
public sealed record JudgedThing(MarkedThing Thing, string Verdict, string Reason);

/// <param name="Removals">One for each request that has leaks.</param>
public sealed record JudgedLeaks(IReadOnlyList<JudgedThing> Things, IReadOnlyList<LeakRemoval> Removals);

/// <summary>What is taken away for one request, by the steps that its own workflow would have used. In the order of the members; null where there is nothing.</summary>
public sealed record LeakRemoval(RequestKey Key)
{
    public FreezeInput? Thaw { get; init; }

    /// <summary>The folder that must hold no published copy before a disk or data in it is destroyed.</summary>
    public DestinationFolder? Unpublished { get; init; }

    public OwnedVdiInput? Vdi { get; init; }

    public LeakedTask? Task { get; init; }

    public OwnedSrInput? DestinationSr { get; init; }

    public StreamTarget? Stream { get; init; }

    public DestinationFolder? Folder { get; init; }

    public OwnedSrInput? Sr { get; init; }

    public OwnedCloneInput? Lun { get; init; }

    public StorageSnapshotInput? Snapshot { get; init; }

    public GroupSnapshotInput? Group { get; init; }

    /// <summary>Access of a volume that a restore was making; the group is the one that the ledger tells.</summary>
    public AccessInput? Access { get; init; }

    public OwnedVolumeInput? Volume { get; init; }
}

public sealed record LeakedTask(RequestKey Key, string Pool, string TaskUuid);

/// <summary>What may be thought of a marked thing. Only <see cref="Leak"/> is ever removed.</summary>
public static class LeakVerdicts
{
    /// <summary>Ours, old, and its instance has ended.</summary>
    public const string Leak = "leak";

    /// <summary>Another installation's mark, or none.</summary>
    public const string Foreign = "foreign";

    /// <summary>Its instance lives.</summary>
    public const string Live = "live";

    public const string Young = "young";

    /// <summary>The hub does not know its instance: the hub is younger than the mark, or its history was purged.</summary>
    public const string UnknownToHub = "unknown-to-hub";

    /// <summary>No open intent: the catalog is younger than the mark, or the thing was proven gone before.</summary>
    public const string NotInLedger = "not-in-ledger";

    /// <summary>It would be a leak, but a host may still have the LUN plugged: it is left until that is excluded.</summary>
    public const string MayBePlugged = "may-be-plugged";

    /// <summary>It is meant to stay.</summary>
    public const string Stays = "stays";
}
