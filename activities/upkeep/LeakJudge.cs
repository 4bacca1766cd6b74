using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>How far an instance has come, as the hub knows it.</summary>
internal enum InstanceLife
{
    Unknown,
    Live,
    Ended,
}

/// <summary>
/// Whether a marked thing is a leak of ours. Three witnesses must agree: the mark (or, where a death came before the mark, the ledger's own record of its id), an intent of the ledger, open or of something that came only after
/// it was taken for gone, and the end of the instance in the hub. An end is final, so a hub or a catalog restored from an old copy can only know less and never takes a thing that is in use for a leak.
/// </summary>
internal sealed class LeakJudge(string installation, TimeSpan leakAge, DateTimeOffset now)
{
    private static readonly string[] s_temporary = [Roles.Snapshot, Roles.Clone, Roles.Sr, Roles.DestinationSr, Roles.DestinationVdi, Roles.CopyTask, Roles.Export, Roles.Import, Roles.Folder, Roles.Stream, Roles.Freeze, Roles.Volume, Roles.Group];

    /// <summary>What a call that was not answered may make after its undo had looked for it.</summary>
    private static readonly string[] s_late = [Roles.Snapshot, Roles.Group, Roles.Clone, Roles.Volume, Roles.Sr, Roles.DestinationSr];

    /// <summary>The array's clock and ours differ by less.</summary>
    private static readonly TimeSpan s_clockTolerance = TimeSpan.FromMinutes(5);

    /// <param name="intent">The intent of key and role, the open one where there is one; null when there never was any.</param>
    public (string Verdict, string Reason) Judge(MarkedThing thing, Intent? intent, InstanceLife life)
    {
        if (thing.Installation is { } whose && whose != installation) return (LeakVerdicts.Foreign, "It bears the mark of another installation.");
        if (thing.Key is null) return (LeakVerdicts.Foreign, "Its mark names no request of ours.");
        if (thing.Stays is { } why) return (LeakVerdicts.Stays, why);
        if (!s_temporary.Contains(thing.Role)) return (LeakVerdicts.Stays, $"Things of role '{thing.Role}' are not for a sweep to remove.");
        if (life == InstanceLife.Live) return (LeakVerdicts.Live, "Its instance has not ended.");
        if (intent is null || (intent.State == IntentStates.Gone && !IsLate(thing, intent))) return (LeakVerdicts.NotInLedger, "The ledger has no open intent for it: the catalog is younger than the thing, or had proven it gone, or it is another's.");
        if (intent.State == IntentStates.Kept) return (LeakVerdicts.Stays, "Its request keeps it.");
        if (intent.System != thing.System || (intent.Scope.Length > 0 && thing.System != "guest" && !string.Equals(intent.Scope, thing.Scope, StringComparison.OrdinalIgnoreCase)))
            return (LeakVerdicts.NotInLedger, $"The ledger intended it on {intent.System} {intent.Scope}, not here.");
        if (thing.Installation is null && !IsRecorded(thing, intent)) return (LeakVerdicts.Foreign, "It bears no mark, and the ledger did not record its id.");
        if (life == InstanceLife.Unknown) return (LeakVerdicts.UnknownToHub, "The hub does not know its instance: the hub is younger than the thing, or its history was purged.");
        if (Marks.Later(thing.MadeAt, intent.IntendedAt) is not { } madeAt || now - madeAt < leakAge) return (LeakVerdicts.Young, $"It is not {leakAge} old yet.");
        return (LeakVerdicts.Leak, "Its instance has ended and left it behind.");
    }

    private static bool IsLate(MarkedThing thing, Intent gone) =>
        s_late.Contains(thing.Role) && (thing.Installation is not null || IsRecorded(thing, gone)) && (thing.System != "solidfire" || IsOfLater(thing, gone));

    /// <summary>
    /// What was there before, and was deleted, a person may have brought back, to look for something in it: neither the very one that was noted, nor any that the array made earlier, is late. A pool tells no such
    /// time, and nobody brings back a row of ours.
    /// </summary>
    private static bool IsOfLater(MarkedThing thing, Intent gone) =>
        gone.ObjectId?.Split(':')[0] != thing.ObjectId && thing.MadeAt is { } madeAt && gone.SettledAt is { } settledAt && madeAt > settledAt - s_clockTolerance;

    // Unmarked objects: the ledger wrote their id (or, on a store, their name) down.
    private static bool IsRecorded(MarkedThing thing, Intent intent) => thing.System == "secondary"
        ? intent.Marker == thing.ObjectId || intent.Marker.Contains($"|{thing.ObjectId}|", StringComparison.Ordinal)
        : (intent.ObjectId is { } id && id.Split(':')[0] == thing.ObjectId) || intent.Marker.EndsWith($"|{thing.ObjectId}", StringComparison.Ordinal);
}
