using System.Globalization;
using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.CloudStackSteps;

/// <summary>Which of CloudStack's snapshots can be followed. On managed storage BackedUp says only that the array has it (StorageSystemSnapshotStrategy).</summary>
internal static class CloudSnapshots
{
    public static string? WhyNot(CloudStackSnapshot? snapshot) => snapshot switch
    {
        null => "CloudStack does not know the snapshot any more.",
        { VolumeId: null } => "CloudStack tells no volume for the snapshot.",
        { State: not "BackedUp" } => $"The snapshot is {snapshot.State} in CloudStack.",
        { LocationType: { } location } when !string.Equals(location, "PRIMARY", StringComparison.OrdinalIgnoreCase) => "The snapshot is not on primary storage.",
        _ => null,
    };

    /// <summary>Null when CloudStack does not know it; a server may say so by an error or by an empty list.</summary>
    public static async Task<CloudStackSnapshot?> FindSnapshotAsync(this CloudStackClient cloudStack, string id, CancellationToken cancellation)
    {
        try
        {
            return (await cloudStack.ListSnapshotsAsync(new SnapshotFilter { Id = id }, cancellation)).FirstOrDefault(snapshot => string.Equals(snapshot.Id, id, StringComparison.OrdinalIgnoreCase));
        }
        catch (CloudStackException unknown) when (unknown.Kind == CloudStackErrorKind.NotFound)
        {
            return null;
        }
    }

    public static CloudSnapshot Of(CloudStackSnapshot snapshot) => new(snapshot.Id, snapshot.VolumeId!, snapshot.Name, Time(snapshot.Created));

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
        || DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time) ? time.ToUniversalTime() : null;
}
