using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.App.Starts;

/// <summary>
/// What a workflow makes bears its request's key. Begun again, it would take the things of the first one for its own, overwrite its row, or do a second time what was undone or deleted since; gone on with
/// after its failure, it would go on with what its undo has taken away. Upkeep looks at everything anew, and may be repeated.
/// </summary>
internal sealed class WorkRepeatGuard : IRepeatGuard
{
    public RepeatRefusal? Decide(OrchestrationMetadata instance, bool isRewind) => WorkKeys.IsOnce(instance.Name)
        ? new RepeatRefusal(
            "workflow.not-repeatable",
            isRewind ? $"A {instance.Name} that failed has undone or told what it did, so it cannot go on." : $"A {instance.Name} works under the key of its request, so it cannot be done twice.",
            WorkRoutes.Of(instance.Name)!)
        : null;
}
