using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

/// <summary>How a clone stands, by all that the cluster can be asked.</summary>
public enum CloneStanding
{
    Running,

    /// <summary>The volume is there and active.</summary>
    Done,

    /// <summary>The job ended with an error, or neither job nor volume is there any more.</summary>
    Failed,
}

public sealed partial class SolidFireClient
{
    /// <summary>
    /// How a clone stands: the handle first, then the lists. A handle that is gone says nothing (results vanish in seconds to minutes), and one
    /// that has succeeded may be ahead of the lists, so the volume itself decides.
    /// </summary>
    public async Task<CloneStanding> FindCloneStandingAsync(CloneStarted clone, CancellationToken cancellation)
    {
        var job = await GetAsyncResultAsync(clone.AsyncHandle, cancellation);
        if (job.State == AsyncState.Running) return CloneStanding.Running;
        if (job.State == AsyncState.Failed) return CloneStanding.Failed;
        var volume = await FindVolumeAsync(clone.VolumeId, cancellation);
        if (volume is { IsActive: true }) return CloneStanding.Done;
        if (volume is { IsDeleted: true }) return CloneStanding.Failed;
        // Listed as "init", or not yet listed.
        if (job.State == AsyncState.Succeeded) return CloneStanding.Running;
        // The handle is gone and the volume is not active: it is under way, has just become so, or failed.
        if ((await ListSyncJobsAsync(cancellation)).Any(entry => entry.IsClone && entry.DestinationVolumeId == clone.VolumeId)) return CloneStanding.Running;
        volume = await FindVolumeAsync(clone.VolumeId, cancellation);
        return volume is null or { IsDeleted: true } ? CloneStanding.Failed : volume.IsActive ? CloneStanding.Done : CloneStanding.Running;
    }

    /// <summary>The volume that bears an attribute, deleted ones left out; null when there is none. Names are not unique, own attributes are.</summary>
    /// <exception cref="SolidFireException"><see cref="SolidFireErrors.Ambiguous"/>: there are several, and no guess is made.</exception>
    public async Task<Volume?> FindVolumeByAttributeAsync(string attribute, string value, CancellationToken cancellation) => Single(
        "ListVolumes", attribute, value,
        (await ListVolumesAsync(new() { Status = Volume.ActiveStatus }, cancellation)).Where(volume => volume.FindAttribute(attribute) == value).ToList());

    /// <summary>The snapshot of a volume that bears an attribute; null when there is none.</summary>
    /// <exception cref="SolidFireException"><see cref="SolidFireErrors.Ambiguous"/>: there are several, and no guess is made.</exception>
    public async Task<ClusterSnapshot?> FindSnapshotByAttributeAsync(long volumeId, string attribute, string value, CancellationToken cancellation) => Single(
        "ListSnapshots", attribute, value, (await ListSnapshotsAsync(volumeId, cancellation)).Where(snapshot => snapshot.FindAttribute(attribute) == value).ToList());

    /// <summary>The snapshot that an earlier attempt took, known by an attribute, or a new one that bears it.</summary>
    /// <remarks>Safe against lost answers of one caller; two callers at once could still take two.</remarks>
    public async Task<ClusterSnapshot> FindOrCreateSnapshotAsync(
        long volumeId, string name, TimeSpan? retention, string attribute, string value, JsonObject attributes, CancellationToken cancellation)
    {
        if (await FindSnapshotByAttributeAsync(volumeId, attribute, value, cancellation) is { } found) return found;
        var marked = (JsonObject)attributes.DeepClone();
        marked[attribute] = value;
        return await CreateSnapshotAsync(volumeId, name, retention, marked, cancellation);
    }

    private static T? Single<T>(string method, string attribute, string value, List<T> found)
        where T : class => found.Count <= 1
            ? found.FirstOrDefault()
            : throw new SolidFireException(method, SolidFireErrors.Ambiguous, SolidFireErrorKind.Conflict, $"{found.Count} objects bear {attribute} = {value}; a person must see which is which.");
}
