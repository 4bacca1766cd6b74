using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>The runs of a policy that one may want to stop, or that another would come on top of: the last of its schedule, and the last that was asked for.</summary>
internal static class LastRuns
{
    public const string Workflow = "RunPolicy";

    /// <summary>So many that were claimed and never started may lie before the last run by hand.</summary>
    private const int ClaimsMost = 10;

    /// <summary>Under which runs are claimed that are asked for.</summary>
    public static string RouteOf(string policy) => $"POST /policies/{policy}/run";

    /// <returns>Those that have not ended.</returns>
    public static async Task<IReadOnlyList<LastRun>> LiveAsync(StoredPolicy stored, IdempotencyLedger ledger, DurableTaskClient client, CancellationToken cancellation)
    {
        var live = new List<LastRun>();
        if (stored.LastOccurrence is { } last) await FindAsync(new LastRun(new PolicyOccurrence(stored.Policy, last, 0).Instance, $"the run of {last:O}"));

        // A claim whose caller or node was gone before the start is no run.
        foreach (var claimed in ledger.LastOf(RouteOf(stored.Policy.Name), ClaimsMost))
        {
            if (await FindAsync(new LastRun(claimed, $"the run by hand {claimed.Uuid}"))) break;
        }

        return live;

        async Task<bool> FindAsync(LastRun run)
        {
            var instance = await client.GetInstanceAsync(run.Instance.Value, cancellation);
            if (instance is { IsCompleted: false }) live.Add(run with { Since = instance.CreatedAt });
            return instance is not null;
        }
    }

    /// <returns>That run of the policy, be it the last or not; nothing where it has ended or is another's.</returns>
    public static async Task<IReadOnlyList<LastRun>> LiveAsync(StoredPolicy stored, RequestKey run, DurableTaskClient client, CancellationToken cancellation) =>
        await WorkInstances.FindAsync(client, Workflow, run, cancellation) is { IsCompleted: false } instance && instance.ReadInputAs<PolicyOccurrence>() is { } input && input.Policy.Name == stored.Policy.Name
            ? [new LastRun(run, $"the run {run.Uuid}") { Since = instance.CreatedAt }]
            : [];
}

/// <param name="What">For people.</param>
internal sealed record LastRun(RequestKey Instance, string What)
{
    /// <summary>When it began.</summary>
    public DateTimeOffset Since { get; init; }
}
