using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>
/// Collects one repository: safe beside backups, deletions and other collections, and at every death (docs/formats/chunks.md). A backup whose snapshot has ended in the catalog and that left no end in the repository is
/// closed, and what killed writers left unfinished is swept after two days, so that no dead writer delays deletions for ever; were it alive after all, it could begin another session and lose nothing.
/// </summary>
[DurableTask(StepNames.CollectRepository)]
public sealed class CollectRepository(SecondaryDestinations destinations, SnapshotIndex index, TimeProvider time, IActivityExecution execution) : StepActivity<CollectRepositoryInput, CollectedRepository>(execution)
{
    // Far longer than any put takes, by whichever clock: a file's time is its server's.
    private static readonly TimeSpan s_abandoned = TimeSpan.FromDays(2);

    protected override async Task<CollectedRepository> ExecuteAsync(CollectRepositoryInput input, CancellationToken cancellation)
    {
        var destination = destinations.Get(input.Destination);
        var repository = await destination.OpenRepositoryAsync(time, cancellation);
        // What writers that were killed left half written: no listing shows it, and nothing else ever takes it.
        await destination.Store.SweepUnfinishedAsync(SecondaryDestination.RepositoryOptions.Prefix, time.GetUtcNow() - s_abandoned, cancellation);
        var report = await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = destinations.ChunkUndoRuns, IsDead = HasEnded }, cancellation);
        return new CollectedRepository(destination.Name, report.Purged, report.Condemned, report.Deleted, report.WaitingFor, report.Closed) { Undecided = report.Undecided };
    }

    private bool HasEnded(string snapshot) => RequestKey.TryParse(snapshot, out var key) && index.Find(key) is { Status.Ended: true };
}
