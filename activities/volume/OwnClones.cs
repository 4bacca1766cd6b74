using System.Globalization;
using System.Text.Json;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>Finds a request's clones. A clone is invisible until it is done, so the ledger's recorded id and the array's running jobs count too.</summary>
internal sealed class OwnClones(SolidFireClient array, IntentLedger intents, Marker marker)
{
    /// <summary>The recorded id and handle of the clone that an earlier attempt was answered with; null when no answer was recorded.</summary>
    public (long VolumeId, long Handle)? Recorded(RequestKey key)
    {
        if (intents.Find(key, Roles.Clone)?.ObjectId is not { } text) return null;
        var parts = text.Split(':');
        return (long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Clones of this request that are listed as active, with our whole mark.</summary>
    public async Task<IReadOnlyList<Volume>> ActiveAsync(RequestKey key, CancellationToken cancellation)
    {
        var named = await array.ListVolumesAsync(new VolumeFilter { Name = key.NameFor(Roles.Clone), Status = Volume.ActiveStatus }, cancellation);
        return [.. named.Where(volume => volume.IsActive && volume.Name == key.NameFor(Roles.Clone) && IsOurs(volume, key))];
    }

    public bool IsOurs(Volume volume, RequestKey key) => marker.IsOn(volume.FindAttribute, key, Roles.Clone);

    /// <summary>
    /// True while a clone job runs that may be ours: the recorded one; or, where no answer was recorded, any of this source and any that the array does
    /// not attribute to a volume.
    /// </summary>
    public Task<bool> MayBeUnderWayAsync(RequestKey key, long sourceVolumeId, CancellationToken cancellation) => AnyUnderWayAsync(key, sourceVolumeId, evenOfOthers: false, cancellation);

    /// <summary>The same, and any other clone job of this source: beside the recorded clone there may be one whose call was not answered.</summary>
    public Task<bool> AnyUnderWayAsync(RequestKey key, long sourceVolumeId, CancellationToken cancellation) => AnyUnderWayAsync(key, sourceVolumeId, evenOfOthers: true, cancellation);

    private async Task<bool> AnyUnderWayAsync(RequestKey key, long sourceVolumeId, bool evenOfOthers, CancellationToken cancellation)
    {
        var jobs = await array.ListSyncJobsAsync(cancellation);
        var results = await array.ListAsyncResultsAsync(cancellation);
        var running = results.Where(result => !result.Completed && string.Equals(result.ResultType, "Clone", StringComparison.OrdinalIgnoreCase));
        return Recorded(key) is { } recorded
            ? jobs.Any(job => job.IsClone && (job.DestinationVolumeId == recorded.VolumeId || (evenOfOthers && job.SourceVolumeId == sourceVolumeId))) || running.Any(result => result.AsyncHandle == recorded.Handle)
            : jobs.Any(job => job.IsClone && job.SourceVolumeId == sourceVolumeId) || running.Any(result => SourceOf(result) is not { } source || source == sourceVolumeId);
    }

    /// <summary>The volume that a running clone's result names; in live data it is the source (answers that owners of clusters have published).</summary>
    private static long? SourceOf(AsyncResultEntry result) =>
        result.Data is { ValueKind: JsonValueKind.Object } data && data.TryGetProperty("volumeID", out var id) && id.TryGetInt64(out var value) ? value : null;
}
