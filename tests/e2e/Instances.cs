using SnapshotWorkflows.Lab.Processes;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>Orchestrations by the framework's own routes, as an operator with the master key starts and watches them.</summary>
internal static class Instances
{
    private const string Route = "/runtime/webhooks/durabletask";

    // What a terminate leaves in a hub, written while no process has the hub open.
    private const string Terminate = """
        import sqlite3, sys
        hub = sqlite3.connect(sys.argv[1])
        print(hub.execute("UPDATE instances SET status=5 WHERE instance_id=?", (sys.argv[2],)).rowcount)
        for table in ("inbox", "activities"): hub.execute(f"DELETE FROM {table} WHERE instance_id=?", (sys.argv[2],))
        hub.commit()
        hub.close()
        """;

    /// <param name="input">As the orchestrator's record spells its members.</param>
    public static async Task<string> StartAsync(SnapshotApi master, string orchestrator, IReadOnlyDictionary<string, object> input, CancellationToken cancellation)
    {
        var answer = await master.PostAsync($"{Route}/orchestrators/{orchestrator}", input, null, cancellation);
        Assert.Equal(202, answer.Status);
        return answer["id"]!;
    }

    public static async Task<ApiAnswer> EndAsync(SnapshotApi master, string id, CancellationToken cancellation)
    {
        ApiAnswer? status = null;
        await Wait.UntilAsync($"Instance {id} has not ended", async () => (status = await master.GetAsync($"{Route}/instances/{id}", cancellation))["runtimeStatus"] is "Completed" or "Failed" or "Terminated", process: null, cancellation);
        return status!;
    }

    /// <summary>An instance that was ended from outside and undid nothing: no route of this release does that.</summary>
    public static async Task TerminateAsync(LabApp stopped, string id, CancellationToken cancellation) =>
        Assert.Equal("1", (await ProgramRun.OutputAsync("-c", [Terminate, Path.Combine(stopped.State, "hub.db"), Guid.Parse(id).ToString("N")], cancellation, interpreter: "python3")).Trim());
}
