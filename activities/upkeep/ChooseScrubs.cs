using Microsoft.Extensions.Options;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Which copies are read again now: those proven longest ago, within the day's share of bytes. One that could not be read comes again in a day, behind all others: it must not take their turns. Reads nothing.</summary>
[DurableTask(StepNames.ChooseScrubs)]
public sealed class ChooseScrubs(SnapshotIndex index, IOptions<UpkeepOptions> options, IActivityExecution execution) : StepActivity<ChooseScrubsInput, ChosenScrubs>(execution)
{
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);

    protected override Task<ChosenScrubs> ExecuteAsync(ChooseScrubsInput input, CancellationToken cancellation)
    {
        var copies = index.AllBackedUp();
        var left = options.Value.ScrubBytesPerDay - copies.Where(row => row.LastProven is { } at && input.Now - at < s_day).Sum(Bytes);
        var due = copies
            .Where(row => row.DamagedAt is null && input.Now - ProvenAt(row) >= options.Value.ScrubEvery)
            .OrderBy(row => row.VerifyTriedAt is not null).ThenBy(row => row.VerifyTriedAt ?? ProvenAt(row)).ThenBy(row => row.Key.Value, StringComparer.Ordinal)
            .ToList();
        var chosen = new List<RequestKey>();
        foreach (var row in due)
        {
            if (row.VerifyTriedAt is { } tried && input.Now - tried < s_day) continue;

            // A copy larger than a day's share is read all the same, alone: it must not be left out for ever.
            if (left <= 0 || (Bytes(row) > left && left < options.Value.ScrubBytesPerDay)) break;
            chosen.Add(row.Key);
            left -= Bytes(row);
        }

        return Task.FromResult(new ChosenScrubs(chosen, due.Count));
    }

    private static long Bytes(SnapshotRow row) => row.Status.StoredBytes ?? row.Status.DiskBytes ?? 0;

    private static DateTimeOffset ProvenAt(SnapshotRow row) => row.LastProven ?? row.Status.Verified?.At ?? row.CreatedAt;
}
