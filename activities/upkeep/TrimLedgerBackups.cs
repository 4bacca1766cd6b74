using Microsoft.Extensions.Options;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Deletes backups of the ledger beyond those that are kept; only after a complete listing, and the one just made must be in it.</summary>
[DurableTask(StepNames.TrimLedgerBackups)]
public sealed class TrimLedgerBackups(SecondaryDestinations destinations, Marker marker, IOptions<UpkeepOptions> options, IActivityExecution execution) : StepActivity<LedgerCopy, int>(execution)
{
    protected override async Task<int> ExecuteAsync(LedgerCopy input, CancellationToken cancellation)
    {
        var store = destinations.Get(null).Store;
        var all = await LedgerBackups.ListAsync(store, marker.Installation, cancellation);
        if (input.Name is null || !all.Contains(input.Name)) return 0;

        // Names of a time to come, of a clock that was ahead, must not crowd out the one just made.
        var going = all.Where(name => string.CompareOrdinal(name, input.Name) <= 0).Skip(options.Value.LedgerBackups).ToList();
        foreach (var name in going) await store.DeleteAsync(name, cancellation);
        return going.Count;
    }
}
