using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>The runs of a policy that one may want to stop, or that another would come on top of: the last of its schedule, and the last that was asked for.</summary>
internal static class LastRuns
{
    public const string Workflow = "RunPolicy";

    /// <summary>Under which runs are claimed that are asked for.</summary>
    public static string RouteOf(string policy) => $"POST /policies/{policy}/run";

    /// <returns>Those that have not ended.</returns>
    public static async Task<IReadOnlyList<LastRun>> LiveAsync(StoredPolicy stored, IdempotencyLedger ledger, DurableTaskClient client, CancellationToken cancellation)
    {
        var live = new List<LastRun>();
        foreach (var run in Of(stored, ledger))
        {
            if (await client.GetInstanceAsync(run.Instance.Value, cancellation) is { IsCompleted: false } instance) live.Add(run with { Since = instance.CreatedAt });
        }

        return live;
    }

    /// <returns>That run of the policy, be it the last or not; nothing where it has ended or is another's.</returns>
    public static async Task<IReadOnlyList<LastRun>> LiveAsync(StoredPolicy stored, RequestKey run, DurableTaskClient client, CancellationToken cancellation) =>
        await WorkInstances.FindAsync(client, Workflow, run, cancellation) is { IsCompleted: false } instance && instance.ReadInputAs<PolicyOccurrence>() is { } input && input.Policy.Name == stored.Policy.Name
            ? [new LastRun(run, $"the run {run.Uuid}") { Since = instance.CreatedAt }]
            : [];

    private static IEnumerable<LastRun> Of(StoredPolicy stored, IdempotencyLedger ledger)
    {
        if (stored.LastOccurrence is { } last) yield return new LastRun(new PolicyOccurrence(stored.Policy, last, 0).Instance, $"the run of {last:O}");
        if (ledger.LastOf(RouteOf(stored.Policy.Name)) is { } byHand) yield return new LastRun(byHand, $"the run by hand {byHand.Uuid}");
    }
}

/// <param name="What">For people.</param>
internal sealed record LastRun(RequestKey Instance, string What)
{
    /// <summary>When it began.</summary>
    public DateTimeOffset Since { get; init; }
}
