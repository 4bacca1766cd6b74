using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Asynchronous handles, through which the end of a job is learnt, and the jobs under way.</summary>
internal sealed class AsyncCalls(Cluster cluster, ApiVersion current)
{
    private static readonly ApiVersion OldSpelling = new(8, 0);

    public void Register(CallTable table)
    {
        // It changes the cluster: a result that is read without keepResult is gone.
        table.Write("GetAsyncResult", CallTable.Anyone, GetAsyncResult);
        table.Read("ListAsyncResults", ListAsyncResults, since: "9.0");
        table.Read("ListSyncJobs", _ => new JsonObject
        {
            ["syncJobs"] = Json.Array(cluster.Jobs.Values.Where(job => job is { Running: true, IsClone: true }).SelectMany(job => job.ToSyncJobs(cluster.Now))),
        });
    }

    private JsonObject GetAsyncResult(CallParameters parameters)
    {
        var handle = parameters.RequiredInteger("asyncHandle");
        var keep = parameters.Flag("keepResult") ?? false;
        if (!cluster.Jobs.TryGetValue(handle, out var job))
        {
            throw current < OldSpelling
                ? new ApiError("xDBNoSuchPath", $"DBClient operation requested on a non-existent path at [/asyncresults/{handle}]")
                : new ApiError("xAsyncHandleDoesNotExist", $"Async handle {handle} does not exist.");
        }

        if (!job.Running && !keep)
        {
            cluster.Jobs.Remove(handle);
        }

        return job.ToJson(cluster.Now);
    }

    private JsonObject ListAsyncResults(CallParameters parameters)
    {
        var types = parameters.Elements("asyncResultTypes")?.Select(type => type.ToString()).ToList();
        return new JsonObject
        {
            ["asyncHandles"] = Json.Array(cluster.Jobs.Values
                .Where(job => types is not { Count: > 0 } || types.Contains(job.ResultType))
                .Select(job => job.ToListJson(cluster.Now))),
        };
    }
}
