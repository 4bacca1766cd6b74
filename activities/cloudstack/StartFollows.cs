using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.CloudStackSteps;

/// <summary>
/// For every snapshot and every policy that follows its volume: starts the copy, unless there is one or one is on its way. A copy that failed is tried again an hour later and half a day after that, three times in all. The
/// instance's id is drawn from snapshot, policy and attempt, so webhook, repetition and reconciliation meet in one.
/// </summary>
[DurableTask(StepNames.StartFollows)]
public sealed class StartFollows(CloudStackClient cloudStack, PolicyLedger policies, SnapshotIndex index, DurableTaskClient client, TimeProvider time, IActivityExecution execution)
    : StepActivity<StartFollowsInput, StartedFollows>(execution)
{
    private static readonly OrchestrationRuntimeStatus[] s_every = [.. Enum.GetValues<OrchestrationRuntimeStatus>().Where(status => status is not OrchestrationRuntimeStatus.ContinuedAsNew)];

    /// <summary>After the first failure, and after the second.</summary>
    private static readonly TimeSpan[] s_pauses = [TimeSpan.FromHours(1), TimeSpan.FromHours(12)];

    protected override async Task<StartedFollows> ExecuteAsync(StartFollowsInput input, CancellationToken cancellation)
    {
        var following = policies.List().Select(stored => stored.Policy).Where(policy => policy is { Enabled: true, FollowCloudStack: true }).ToList();
        var result = new StartedFollows(0, 0, 0);
        foreach (var volume in input.Snapshots.GroupBy(snapshot => snapshot.VolumeId, StringComparer.OrdinalIgnoreCase))
        {
            var wanting = following.Count == 0 ? [] : await WantingAsync(following, volume.Key, cancellation);
            foreach (var snapshot in volume)
            {
                if (wanting.Count == 0) result = result with { Unwanted = result.Unwanted + 1 };
                foreach (var policy in wanting)
                {
                    result = await StartAsync(snapshot, policy, input.Cause, cancellation) ? result with { Started = result.Started + 1 } : result with { Known = result.Known + 1 };
                }
            }
        }

        return result;
    }

    private async Task<List<SnapshotPolicy>> WantingAsync(List<SnapshotPolicy> following, string volumeId, CancellationToken cancellation)
    {
        var tagged = following.Any(policy => policy.Volumes.Tag is not null) ? await cloudStack.FindVolumeAsync(volumeId, cancellation) : null;
        return [.. following.Where(policy =>
            policy.Volumes.Ids.Contains(volumeId, StringComparer.OrdinalIgnoreCase)
            || (policy.Volumes.Tag is { } tag && tagged is not null && tagged.Tags.Any(one => one.Key == tag.Key && (tag.Value is null || one.Value == tag.Value))))];
    }

    private async Task<bool> StartAsync(CloudSnapshot snapshot, SnapshotPolicy policy, string cause, CancellationToken cancellation)
    {
        for (var attempt = 1; attempt <= FollowSnapshotInput.AttemptsMax; attempt++)
        {
            var follow = new FollowSnapshotInput(snapshot, policy, attempt, cause);

            // The row outlives the instance; what was backed up once is not copied again, deleted since or not.
            if (index.Find(follow.Copy) is { Status.State: SnapshotState.BackedUp or SnapshotState.Destroying or SnapshotState.Destroyed }) return false;
            if (await client.GetInstanceAsync(follow.Instance.Value, cancellation) is { } known)
            {
                if (known.RuntimeStatus is not (OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated)) return false;

                // Reconciliation comes every few minutes: what failed at a full store would have failed for good before anybody saw it.
                if (attempt < FollowSnapshotInput.AttemptsMax && time.GetUtcNow() - known.LastUpdatedAt < s_pauses[attempt - 1]) return false;
                continue;
            }

            try
            {
                await client.ScheduleNewOrchestrationInstanceAsync("FollowSnapshot", follow, new StartOrchestrationOptions(follow.Instance.Value).WithDedupeStatuses(s_every), cancellation);
                return true;
            }
            catch (OrchestrationAlreadyExistsException)
            {
                return false;
            }
        }

        return false;
    }
}
