using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Catalog;

/// <summary>What a policy's rule says of the copies that the catalog knows: shown by the preview, acted on by ExpireSnapshots.</summary>
public static class PolicyCopies
{
    public static IEnumerable<JudgedVolume> Judge(SnapshotPolicy policy, IEnumerable<SnapshotRow> copies, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(policy.TimeZone);
        return copies
            .GroupBy(copy => copy.VolumeId, StringComparer.Ordinal)
            .OrderBy(volume => volume.Key, StringComparer.Ordinal)
            .Select(volume => new JudgedVolume(volume.Key, Retention.Judge(policy.Keep, volume.Select(Candidate), zone, now)));
    }

    private static RetentionCandidate Candidate(SnapshotRow row) => new(
        row.Key, row.Status.TakenAt ?? row.CreatedAt, Good: row.Status is { State: SnapshotState.BackedUp, Verified.Level: "full" } && row.DamagedAt is null, row.Held);
}
