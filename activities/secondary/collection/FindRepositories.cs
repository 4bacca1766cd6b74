using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>
/// Goes through the destinations: which have a repository of chunks. On its way it sweeps what killed writers left half written under our prefix and nobody has touched for a week, in whatever format: no listing shows
/// it, and the ledger of intents knows streams alone.
/// </summary>
[DurableTask(StepNames.FindRepositories)]
public sealed class FindRepositories(SecondaryDestinations destinations, TimeProvider time, IActivityExecution execution) : StepActivity<CollectChunksInput, ChunkRepositories>(execution)
{
    // As long as Azure keeps blocks that nobody committed (Put Block List, remarks). A copy that stands still for longer begins anew.
    private static readonly TimeSpan s_abandoned = TimeSpan.FromDays(7);

    protected override async Task<ChunkRepositories> ExecuteAsync(CollectChunksInput input, CancellationToken cancellation)
    {
        if (input.Destination is { } one) return new ChunkRepositories([destinations.Get(one).Name]);
        var found = new List<string>();
        foreach (var destination in destinations.All.OrderBy(destination => destination.Name, StringComparer.Ordinal))
        {
            // One that cannot be asked now is named too: its own step says why, and is tried again.
            if (!await SurelyHasNoneAsync(destination, cancellation)) found.Add(destination.Name);
        }

        return new ChunkRepositories(found);
    }

    private async Task<bool> SurelyHasNoneAsync(SecondaryDestination destination, CancellationToken cancellation)
    {
        try
        {
            await destination.Store.SweepUnfinishedAsync(SnapshotLocations.Prefix, time.GetUtcNow() - s_abandoned, cancellation);
            return !await destination.HasRepositoryAsync(cancellation);
        }
        catch (Secondary.SecondaryException)
        {
            return false;
        }
    }
}
