using Microsoft.Extensions.Options;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>What the ledger says may be there and no inventory shows: frozen guests, partial files and uncommitted blocks. Makes nothing.</summary>
[DurableTask(StepNames.FindOpenIntents)]
public sealed class FindOpenIntents(IntentLedger intents, Marker marker, IOptions<UpkeepOptions> options, TimeProvider time, IActivityExecution execution) : StepActivity<NoInput, MarkedThings>(execution)
{
    protected override Task<MarkedThings> ExecuteAsync(NoInput input, CancellationToken cancellation) => Task.FromResult(new MarkedThings([.. intents
        .OpenUnlisted(time.GetUtcNow() - options.Value.LeakAge)
        .Where(intent => intent.Role is Roles.Freeze or Roles.Folder or Roles.Stream)
        // The ledger is our own: what stands in it bears our mark.
        .Select(intent => new MarkedThing(intent.System, intent.Scope, intent.Role, intent.Key, intent.Marker, intent.Marker, marker.Installation, intent.IntendedAt))]));
}
