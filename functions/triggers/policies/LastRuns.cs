using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>The runs of a policy that one may want to stop, or that another would come on top of: the last of its schedule, and those that were asked for.</summary>
internal static class LastRuns
{
    public const string Workflow = "RunPolicy";

    /// <summary>Of a claim whose instance is not there: it is about to be started, or its process died right then.</summary>
    private static readonly TimeSpan s_aboutToBegin = TimeSpan.FromMinutes(1);

    /// <summary>A run lasts no longer. It bounds how many instances are looked at; a claim of a time to come, from under a wrong clock, counts too.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(31);

    /// <summary>Under which runs are claimed that are asked for.</summary>
    public static string RouteOf(string policy) => $"POST /policies/{policy}/run";

    /// <param name="claims">All of <see cref="RouteOf"/>.</param>
    /// <returns>Those that have not ended, or are about to begin.</returns>
    public static async Task<IReadOnlyList<LastRun>> LiveAsync(StoredPolicy stored, IReadOnlyList<RequestClaim> claims, DurableTaskClient client, CancellationToken cancellation)
    {
        var live = new List<LastRun>();
        if (stored.LastOccurrence is { } last && new PolicyOccurrence(stored.Policy, last, 0).Instance is var scheduled && await client.GetInstanceAsync(scheduled.Value, cancellation) is { IsCompleted: false } occurrence)
            live.Add(new LastRun(scheduled, $"the run of {last:O}") { Since = occurrence.CreatedAt });
        foreach (var claim in claims.Where(claim => claim.Age <= s_longest))
        {
            var instance = await client.GetInstanceAsync(claim.Instance.Value, cancellation);
            if (instance is { IsCompleted: false } || (instance is null && claim.Age.Duration() <= s_aboutToBegin))
                live.Add(new LastRun(claim.Instance, $"the run by hand {claim.Instance.Uuid}") { IsByHand = true, Since = instance?.CreatedAt });
        }

        return live;
    }

    /// <returns>Of the schedule's runs and of those by hand the last one that has begun and not ended.</returns>
    public static async Task<IReadOnlyList<LastRun>> LastAsync(StoredPolicy stored, IReadOnlyList<RequestClaim> claims, DurableTaskClient client, CancellationToken cancellation)
    {
        var begun = (await LiveAsync(stored, claims, client, cancellation)).Where(run => run.Since is not null).ToList();
        return [.. begun.Where(run => !run.IsByHand), .. begun.Where(run => run.IsByHand).OrderByDescending(run => run.Since).Take(1)];
    }

    /// <returns>That run of the policy, be it the last or not; nothing where it has ended or is another's. The policy itself may be deleted by now.</returns>
    public static async Task<IReadOnlyList<LastRun>> LiveAsync(string policy, RequestKey run, DurableTaskClient client, CancellationToken cancellation) =>
        await WorkInstances.FindAsync(client, Workflow, run, cancellation) is { IsCompleted: false } instance && instance.ReadInputAs<PolicyOccurrence>() is { } input && input.Policy.Name == policy
            ? [new LastRun(run, $"the run {run.Uuid}") { Since = instance.CreatedAt }]
            : [];
}

/// <param name="What">For people.</param>
internal sealed record LastRun(RequestKey Instance, string What)
{
    public bool IsByHand { get; init; }

    /// <summary>When it began; null while it is about to.</summary>
    public DateTimeOffset? Since { get; init; }
}
