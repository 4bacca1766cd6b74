using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>
/// LUNs that a host may still have plugged: deleted under it, one hangs it. The workflow's own undo waits at ForgetSr until its pool has answered, and a sweep leaves the LUN in the same cases. It is told by the pools and by the
/// intent of role <c>sr</c>, which is committed before any SR is introduced.
/// </summary>
/// <param name="configured">Names of all pools of the settings.</param>
/// <param name="unlisted">Those of which this sweep has seen nothing.</param>
internal sealed class PluggedLuns(string installation, IntentLedger intents, IReadOnlyList<string> configured, IReadOnlyList<string> unlisted)
{
    /// <param name="all">Everything that was judged.</param>
    /// <returns>The same; what would go and may be plugged is left, with the reason.</returns>
    public List<JudgedThing> Leave(IReadOnlyList<JudgedThing> all)
    {
        var srs = all.Where(one => one.Thing is { Role: Roles.Sr, Key: not null } && one.Thing.Installation == installation && one.Verdict != LeakVerdicts.Leak).ToLookup(one => one.Thing.Key!.Value);
        return [.. all.Select(one => one is { Verdict: LeakVerdicts.Leak, Thing: { Role: Roles.Clone or Roles.Volume, Key: { } key } } && Why(key, srs[key]) is { } why ? one with { Verdict = LeakVerdicts.MayBePlugged, Reason = why } : one)];
    }

    private string? Why(RequestKey key, IEnumerable<JudgedThing> staying)
    {
        if (unlisted.Count > 0) return $"A host of pool {string.Join(", ", unlisted)} may have it plugged: what is there could not be listed.";
        if (staying.FirstOrDefault() is { } sr) return $"SR {sr.Thing.ObjectId} of its request is in pool {sr.Thing.Scope} and stays ({sr.Verdict}): its PBD may be plugged.";
        return intents.Find(key, Roles.Sr) is { } open && !configured.Contains(open.Scope) ? $"Its SR was introduced in pool {open.Scope}, which the settings do not name any more: its PBD may be plugged." : null;
    }
}
