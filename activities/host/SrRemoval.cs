using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>Takes an SR of ours off its pool: unplug, destroy the PBD, forget. Its data is not touched.</summary>
internal sealed class SrRemoval(IXenServerPools pools, IntentLedger intents, Marker marker, TimeProvider time)
{
    public async Task<bool> RemoveAsync(OwnedSrInput input, string role, CancellationToken cancellation)
    {
        if (input.Label != input.Key.NameFor(role))
        {
            throw new StepFaultException(new StepFault("sr.not-ours", FaultKind.Conflict, $"'{input.Label}' is not the label of this request's SR.", "Nothing was touched; this is a defect: report it."));
        }

        var pool = pools.Get(input.Pool);
        var own = (await pool.Srs.ListAsync(input.Label, cancellation)).Where(sr => sr.NameLabel == input.Label && IsOwn(sr, input.Key, role)).ToList();
        foreach (var sr in own)
        {
            foreach (var pbd in sr.Pbds)
            {
                await pool.Pbds.UnplugAsync(pbd, cancellation);
                await pool.Pbds.DestroyAsync(pbd, cancellation);
            }

            await pool.Srs.ForgetAsync(sr.Ref, cancellation);
        }

        // What CreateSr asks for (its intent knows no uuid yet) is formatted first and has its row last.
        if (own.Count == 0) intents.RequireSettled(input.Key, role, intents.Find(input.Key, role)?.Marker.Contains('|', StringComparison.Ordinal) is false ? UnansweredCalls.OnPoolStorage : UnansweredCalls.InPool, time);
        intents.Gone(input.Key, role);
        return own.Count > 0;
    }

    /// <summary>
    /// A whole mark decides, and so does one that is another's in any part. A death between the row and the last part of its mark leaves less: then the uuid must be the one that the
    /// ledger intended, where it knew one: also when it was taken for gone, for the row of an unanswered call may come late.
    /// </summary>
    private bool IsOwn(Sr sr, RequestKey key, string role)
    {
        var ours = marker.OtherConfig(key, role);
        string[] parts = [Marker.InstallationName, Marker.KeyName, Marker.RoleName];
        if (parts.Any(part => sr.OtherConfig.TryGetValue(part, out var value) && value != ours[part])) return false;
        if (parts.All(sr.OtherConfig.ContainsKey)) return true;
        return intents.Last(key, role) is { } intent && (!intent.Marker.Contains('|', StringComparison.Ordinal) || intent.Marker.EndsWith($"|{sr.Uuid}", StringComparison.Ordinal));
    }
}
