using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Starts workflows once, whoever asks and however often.</summary>
internal static class Starting
{
    private static readonly OrchestrationRuntimeStatus[] s_every = [.. Enum.GetValues<OrchestrationRuntimeStatus>().Where(status => status is not OrchestrationRuntimeStatus.ContinuedAsNew)];

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

    /// <summary>A write's instance: the same caller, route, idempotency key and body mean the same one for ever.</summary>
    /// <returns>Null when the key was used with another body.</returns>
    public static async Task<RequestKey?> StartClaimedAsync(
        this DurableTaskClient client, IdempotencyLedger ledger, string caller, string route, string idempotencyKey, string body, string workflow, Func<RequestKey, object> input, CancellationToken cancellation)
    {
        var proposed = new RequestKey(NameUuid.From($"{caller}\n{route}\n{idempotencyKey}").ToString("N"));
        var claim = ledger.Claim(caller, route, idempotencyKey, body, proposed);
        if (claim.Outcome == ClaimOutcome.OtherBody) return null;
        await client.StartOnceAsync(workflow, input(claim.Instance), claim.Instance, cancellation);
        return claim.Instance;
    }

    /// <summary>An upkeep that comes by the clock: one instance for each of its times, whichever node ticks.</summary>
    public static Task<bool> StartTimedAsync(this DurableTaskClient client, string workflow, object input, DateTimeOffset now, TimeSpan every, CancellationToken cancellation)
    {
        var at = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % every.Ticks), TimeSpan.Zero);
        return client.StartOnceAsync(workflow, input, new RequestKey(NameUuid.From($"timer\n{workflow}\n{at:O}").ToString("N")), cancellation);
    }
}
