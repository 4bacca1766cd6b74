using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Takes back the slots of workflows that ended without giving them back: terminated or purged by hand. Looks at the queue first and at the instances second, so a workflow that began in between is not meant.</summary>
public sealed partial class AdmissionSweep(ILogger<AdmissionSweep> logger)
{
    [Function("SweepAdmission")]
    public async Task RunAsync([TimerTrigger("30 */5 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        _ = timer;
        if ((await client.Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, cancellation))?.State is not { } state) return;
        var known = state.Granted.Select(grant => grant.Request.Instance).Concat(state.Waiting.Select(wish => wish.Request.Instance)).Distinct(StringComparer.Ordinal);
        foreach (var id in known)
        {
            if (await client.GetInstanceAsync(id, cancellation) is { IsCompleted: false }) continue;
            TakenBack(logger, id);
            await client.Entities.SignalEntityAsync(AdmissionEntity.Id, AdmissionEntity.Release, id, null, cancellation);
        }
    }

    [LoggerMessage(EventId = 4201, Level = LogLevel.Warning, Message = "Instance {InstanceId} has ended and held slots; they are taken back")]
    private static partial void TakenBack(ILogger logger, string instanceId);
}
