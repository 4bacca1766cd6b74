using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Which destinations have a repository of chunks.</summary>
[DurableTask(StepNames.FindRepositories)]
public sealed class FindRepositories(SecondaryDestinations destinations, IActivityExecution execution) : StepActivity<CollectChunksInput, ChunkRepositories>(execution)
{
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

    private static async Task<bool> SurelyHasNoneAsync(SecondaryDestination destination, CancellationToken cancellation)
    {
        try
        {
            return !await destination.HasRepositoryAsync(cancellation);
        }
        catch (Secondary.SecondaryException)
        {
            return false;
        }
    }
}
