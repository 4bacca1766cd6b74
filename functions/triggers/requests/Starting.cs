using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Starts workflows once, whoever asks and however often.</summary>
internal static class Starting
{
    private static readonly OrchestrationRuntimeStatus[] s_every = [.. Enum.GetValues<OrchestrationRuntimeStatus>().Where(status => status is not OrchestrationRuntimeStatus.ContinuedAsNew)];

    private static readonly OrchestrationRuntimeStatus[] s_live = [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended];

    /// <summary>How long after its claim a request may be started that is not there.</summary>
    private static readonly TimeSpan s_startPatience = TimeSpan.FromHours(1);

    /// <summary>The instance of that id, started now or some time before.</summary>
    /// <returns>False when it was there.</returns>
    public static async Task<bool> StartOnceAsync(this DurableTaskClient client, string workflow, object input, RequestKey instance, CancellationToken cancellation)
    {
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(workflow, input, new StartOrchestrationOptions(instance.Value).WithDedupeStatuses(s_every), cancellation);
            return true;
        }
        catch (OrchestrationAlreadyExistsException)
        {
            return false;
        }
    }

    /// <summary>
    /// Starts what a claimed key stands for, once. A key that was claimed before and has no instance was either carried out and purged since, or a death came between claim and start; only shortly
    /// after the claim is it taken for the latter: an old request that is sent again must not, say, overwrite a volume again.
    /// </summary>
    /// <exception cref="BadRequestException"><c>idempotency-key.ended</c>, a 410.</exception>
    public static async Task StartClaimedAsync(this DurableTaskClient client, string workflow, object input, RequestClaim claim, CancellationToken cancellation)
    {
        if (claim.Outcome == ClaimOutcome.Repeated && claim.Age > s_startPatience && await client.GetInstanceAsync(claim.Instance.Value, cancellation) is null) throw Ended(claim);
        await client.StartOnceAsync(workflow, input, claim.Instance, cancellation);
    }

    public static BadRequestException Ended(RequestClaim claim) => new(
        "idempotency-key.ended", $"This Idempotency-Key was used {claim.Age.TotalDays:0.#} days ago for {claim.Instance.Uuid}, of which nothing is kept any more.", "Send a fresh Idempotency-Key if it is wanted once more.") { Status = 410 };

    /// <summary>Whether a claim is so young that its start may still be missing.</summary>
    public static bool MayLackStart(this RequestClaim claim) => claim.Outcome == ClaimOutcome.New || claim.Age <= s_startPatience;

    /// <summary>A write's instance: the same caller, route, idempotency key and body mean the same one for ever.</summary>
    /// <returns>Null when the key was used with another body.</returns>
    public static async Task<RequestKey?> StartClaimedAsync(
        this DurableTaskClient client, IdempotencyLedger ledger, string caller, string route, string idempotencyKey, string body, string workflow, Func<RequestKey, object> input, CancellationToken cancellation)
    {
        var proposed = new RequestKey(NameUuid.From($"{caller}\n{route}\n{idempotencyKey}").ToString("N"));
        var claim = ledger.Claim(caller, route, idempotencyKey, body, proposed);
        if (claim.Outcome == ClaimOutcome.OtherBody) return null;
        await client.StartClaimedAsync(workflow, input(claim.Instance), claim, cancellation);
        return claim.Instance;
    }

    /// <summary>An upkeep of which there is one at a time.</summary>
    /// <returns>False while an earlier one runs.</returns>
    public static async Task<bool> StartUnlessRunningAsync(this DurableTaskClient client, string workflow, object input, string instance, CancellationToken cancellation)
    {
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(workflow, input, new StartOrchestrationOptions(instance).WithDedupeStatuses(s_live), cancellation);
            return true;
        }
        catch (OrchestrationAlreadyExistsException)
        {
            return false;
        }
    }

    /// <summary>An upkeep that comes by the clock: one instance for each of its times, whichever node ticks.</summary>
    public static Task<bool> StartTimedAsync(this DurableTaskClient client, string workflow, object input, DateTimeOffset now, TimeSpan every, CancellationToken cancellation)
    {
        var at = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % every.Ticks), TimeSpan.Zero);
        return client.StartOnceAsync(workflow, input, new RequestKey(NameUuid.From($"timer\n{workflow}\n{at:O}").ToString("N")), cancellation);
    }
}
