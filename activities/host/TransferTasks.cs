using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>Tasks of a pool to which a request's exports and imports report. A pool sets no mark on what it is asked to make, so their label alone tells whose they are.</summary>
internal static class TransferTasks
{
    private static readonly string[] s_roles = [Roles.Export, Roles.Import];

    /// <summary>Ends what a death between the making of a task and its use has left, or a call that was not answered: no attempt comes any more that would take it up, and the pool keeps it for a day.</summary>
    public static async Task EndAsync(XenServerClient pool, RequestKey key, CancellationToken cancellation)
    {
        foreach (var label in s_roles.Select(key.NameFor))
        {
            foreach (var task in (await pool.Tasks.ListAsync(label, cancellation)).Where(task => task.NameLabel == label))
            {
                if (!task.Ended) await pool.Tasks.CancelAsync(task.Ref, cancellation);
                if (task is { Ended: false, Progress: 0 }) await pool.Tasks.EndCancelledAsync(task.Ref, cancellation);
                await pool.Tasks.DestroyAsync(task.Ref, cancellation);
            }
        }
    }
}
