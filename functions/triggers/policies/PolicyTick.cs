using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>
/// Each minute: looks at the clock, and starts what is due. The instance id is drawn from policy and occurrence and its start is refused while, or after, it ran, so an occurrence runs once
/// whatever node ticks and wherever one dies. What was missed is made up once, by the latest occurrence. One that has not ended holds up no later one: a single clean-up
/// that cannot end would stop the whole policy. A volume whose own snapshot is unfinished is left out by the run itself.
/// </summary>
public sealed partial class PolicyTick(PolicyLedger policies, ClockWatch clock, TimeProvider time, ILogger<PolicyTick> logger)
{
    private static readonly OrchestrationRuntimeStatus[] s_every = [.. Enum.GetValues<OrchestrationRuntimeStatus>().Where(status => status is not OrchestrationRuntimeStatus.ContinuedAsNew)];

    private static readonly TimeSpan s_clockTolerance = TimeSpan.FromHours(1);

    [Function("StartDuePolicies")]
    public async Task RunAsync([TimerTrigger("0 * * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        _ = timer;
        var doubt = clock.Observe();
        if (clock.IsToTell(doubt, "itself")) ClockInDoubt(logger, doubt.Why);
        foreach (var stored in policies.List().Where(stored => stored.Policy.Enabled))
        {
            try
            {
                await StartDueAsync(stored, client, cancellation);
            }
            catch (BadRequestException unusable)
            {
                // One policy that this machine cannot read must not keep the others from running.
                Unusable(logger, stored.Policy.Name, unusable.Message, unusable.Remedy);
            }
        }
    }

    internal async Task StartDueAsync(StoredPolicy stored, DurableTaskClient client, CancellationToken cancellation)
    {
        var policy = stored.Policy;
        var now = time.GetUtcNow();
        if (stored.DoneUntil > now + s_clockTolerance)
        {
            // The clock was ahead when it was noted. Believed, it would keep the policy from running until that date.
            ClockWasAhead(logger, policy.Name, stored.DoneUntil, now);
            policies.BeginAnew(policy.Name, stored.Revision, now);
            return;
        }

        if (PolicySchedule.Of(policy)?.LatestDue(stored.DoneUntil, now) is not { } due) return;
        if (stored.LastOccurrence is { } last && await client.GetInstanceAsync(new PolicyOccurrence(policy, last, 0).Instance.Value, cancellation) is { IsCompleted: false }) StillRunning(logger, policy.Name, last, due.At);
        var occurrence = new PolicyOccurrence(policy, due.At, due.Count - 1);
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync("RunPolicy", occurrence, new StartOrchestrationOptions(occurrence.Instance.Value).WithDedupeStatuses(s_every), cancellation);
            Started(logger, policy.Name, due.At, occurrence.Missed);
        }
        catch (OrchestrationAlreadyExistsException)
        {
            // Another node, or a life of ours that ended before the line below.
        }

        policies.Done(policy.Name, stored.Revision, due.At);
    }

    [LoggerMessage(EventId = 4101, Level = LogLevel.Information, Message = "Policy {Policy}: occurrence {At:O} started; it stands for {Missed} missed ones")]
    private static partial void Started(ILogger logger, string policy, DateTimeOffset at, int missed);

    [LoggerMessage(EventId = 4102, Level = LogLevel.Warning, Message = "Policy {Policy}: occurrence {Due:O} begins although that of {Running:O} has not ended; volumes whose snapshot is unfinished are left out of it")]
    private static partial void StillRunning(ILogger logger, string policy, DateTimeOffset running, DateTimeOffset due);

    [LoggerMessage(EventId = 4103, Level = LogLevel.Error, Message = "Policy {Policy} cannot run: {Why} {Remedy}")]
    private static partial void Unusable(ILogger logger, string policy, string why, string remedy);

    [LoggerMessage(EventId = 4105, Level = LogLevel.Error, Message = "The clock is in doubt, so policies let no copy go unasked: {Why}")]
    private static partial void ClockInDoubt(ILogger logger, string why);

    [LoggerMessage(EventId = 4104, Level = LogLevel.Error, Message = "Policy {Policy} is noted as done until {Until:O}, and it is {Now:O}: the clock was ahead. Its schedule begins again from now; look at the clocks, and for copies of that time")]
    private static partial void ClockWasAhead(ILogger logger, string policy, DateTimeOffset until, DateTimeOffset now);
}
