using SnapshotWorkflows.App.Starts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Functions.Orchestrators;

namespace SnapshotWorkflows.App;

/// <summary>
/// What a workflow makes bears its request's key. Begun again, it would take the things of the first one for its own, overwrite its row, or do a second time what was undone or deleted since; gone on with
/// after its failure, it would go on with what its undo has taken away. Upkeep looks at everything anew, and may be repeated.
/// </summary>
internal sealed class WorkRepeatGuard : IRepeatGuard
{
    private static readonly HashSet<string> s_once = new(StringComparer.Ordinal)
    {
        nameof(SnapshotVolume), nameof(SnapshotGroup), nameof(RestoreVolume), nameof(RevertVolume), nameof(DeleteSnapshot), nameof(HoldSnapshot), nameof(RunPolicy), nameof(ExpireSnapshots), nameof(FollowSnapshot),
        nameof(HandleCloudEvent),
    };

    public RepeatRefusal? Decide(OrchestrationMetadata instance, bool isRewind) => s_once.Contains(instance.Name)
        ? new RepeatRefusal(
            "workflow.not-repeatable",
            isRewind ? $"A {instance.Name} that failed has undone or told what it did, so it cannot go on." : $"A {instance.Name} works under the key of its request, so it cannot be done twice.",
            WorkRoutes.Of(instance.Name)!)
        : null;
}
