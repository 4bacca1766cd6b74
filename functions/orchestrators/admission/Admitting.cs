namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>How a workflow gets its slots and gives them back.</summary>
internal static class Admitting
{
    public const string ReleaseStep = "ReleaseAdmission";

    /// <summary>A notice can be lost with a node that never comes back; then this long is waited at most. Also how often place and reason are looked up anew.</summary>
    private static readonly TimeSpan s_lookAgain = TimeSpan.FromMinutes(5);

    /// <returns>Whether it had to wait.</returns>
    public static async Task<bool> AdmitAsync(this TaskOrchestrationContext context, AdmissionRequest request, IStepBoard board, Cancellation cancellation)
    {
        for (var waited = false; ; waited = true)
        {
            cancellation.ThrowIfWished();
            var answer = await context.Entities.CallEntityAsync<AdmissionAnswer>(AdmissionEntity.Id, AdmissionEntity.Ask, request);
            if (answer.Granted) return waited;
            board.Waiting(new StepNotice(PublicNotices.Queued, $"Place {answer.Place} in the queue. {answer.Reason}", "Wait, or cancel what is before it; GET /api/admission shows the queue.", "Admit"));
            await cancellation.WaitForEventAsync(AdmissionNotice.EventName, s_lookAgain);
        }
    }

    /// <summary>Gives back what a clean-up that does not end has no need of, and keeps what is taken up by what is still there. A signal: nothing waits for it.</summary>
    public static Task ReduceAdmissionAsync(this TaskOrchestrationContext context, bool reads) =>
        context.Entities.SignalEntityAsync(AdmissionEntity.Id, AdmissionEntity.Reduce, new AdmissionReduction(context.InstanceId, AdmissionSlots.OfWhatIsThere) { Reads = reads });

    /// <summary>Why upkeep is to stop: everything is paused, or it is a time of maintenance. Null while it may work. It comes again by the clock, so it does not wait.</summary>
    public static async Task<string?> HeldUpAsync(this TaskOrchestrationContext context)
    {
        if (!context.IsAtLeast(WorkflowVersions.Apart)) return null;
        var answer = await context.Entities.CallEntityAsync<AdmissionAnswer>(AdmissionEntity.Id, AdmissionEntity.HeldUp);
        return answer.Granted ? null : answer.Reason;
    }

    public static Task ReleaseAdmissionAsync(this TaskOrchestrationContext context) =>
        context.Entities.CallEntityAsync<bool>(AdmissionEntity.Id, AdmissionEntity.Release, context.InstanceId);
}
