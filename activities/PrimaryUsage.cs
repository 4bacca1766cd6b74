using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities;

/// <summary>What snapshots that are kept on the array occupy there. The figure is worth less than the snapshot's end: where the array will never tell it, none is noted, and the log says why.</summary>
internal static partial class PrimaryUsage
{
    /// <exception cref="SolidFireException">The array may tell it in a while.</exception>
    public static async Task NoteAsync(this UsageLedger usage, SolidFireClient array, RequestKey snapshot, long volumeId, ILogger logger, CancellationToken cancellation)
    {
        try
        {
            usage.KeptOnPrimary(snapshot.Uuid, (await array.GetVolumeStatsAsync(volumeId, cancellation)).DataBytes);
        }
        catch (SolidFireException refused) when (refused.Kind is SolidFireErrorKind.NotFound or SolidFireErrorKind.PermissionDenied or SolidFireErrorKind.Rejected)
        {
            NotTold(logger, refused, snapshot.Uuid, volumeId);
        }
    }

    [LoggerMessage(EventId = 3131, Level = LogLevel.Warning, Message = "What snapshot {Snapshot} of volume {VolumeId} occupies on the array is not known: its usage record goes without. The service's user on the array needs the right to read volumes")]
    private static partial void NotTold(ILogger logger, Exception refused, string snapshot, long volumeId);
}
