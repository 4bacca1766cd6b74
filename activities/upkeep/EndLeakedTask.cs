using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Cancels a copy of ours that nobody waits for, and drops its row once it has ended. The mark is read again.</summary>
[DurableTask(StepNames.EndLeakedTask)]
public sealed class EndLeakedTask(IXenServerPools pools, IntentLedger intents, Marker marker, IActivityExecution execution) : StepActivity<LeakedTask, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(LeakedTask input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Pool);
        var task = (await pool.Tasks.ListAsync(cancellation)).FirstOrDefault(task => task.Uuid == input.TaskUuid);
        if (task is not null && marker.IsOn(name => task.OtherConfig.GetValueOrDefault(name), input.Key, Roles.CopyTask))
        {
            if (!task.Ended)
            {
                await pool.Tasks.CancelAsync(task.Ref, cancellation);
                throw new StepFaultException(new StepFault(
                    "copy.still-writing", FaultKind.Busy, $"A cancelled copy (task {task.Uuid}) has not ended yet.", "Nothing: it ends by itself; look at the pool's tasks if it does not.", TimeSpan.FromSeconds(1)));
            }

            await pool.Tasks.DestroyAsync(task.Ref, cancellation);
        }

        intents.Gone(input.Key, Roles.CopyTask);
        return task is not null;
    }
}
