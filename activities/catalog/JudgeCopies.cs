using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.CatalogSteps;

/// <summary>
/// Judges a policy's copies by its rule, volume by volume, and by the rule as it is now: it may have been changed since the workflow began. A policy that is gone or disabled lets nothing go.
/// The clock is looked at here too, and held against the arrays': one that was right an hour ago proves nothing. Deletes nothing.
/// </summary>
[DurableTask(StepNames.JudgeCopies)]
public sealed partial class JudgeCopies(SnapshotIndex index, PolicyLedger policies, ClockWatch clock, SolidFireArrays arrays, TimeProvider time, ILogger<JudgeCopies> logger, IActivityExecution execution) : StepActivity<JudgeCopiesInput, JudgedCopies>(execution)
{
    /// <summary>The array's clock and ours differ by less.</summary>
    private static readonly TimeSpan s_clockTolerance = TimeSpan.FromHours(1);

    /// <summary>A policy that runs takes copies. Where the newest is older, the clock has jumped or nothing works: no time to let copies go unasked.</summary>
    private static readonly TimeSpan s_stale = TimeSpan.FromDays(7);

    protected override async Task<JudgedCopies> ExecuteAsync(JudgeCopiesInput input, CancellationToken cancellation)
    {
        if (policies.Find(input.Policy.Name)?.Policy is not { Enabled: true } policy) return new JudgedCopies([]);
        var copies = index.CopiesOf(policy.Name, input.VolumeId);
        var now = input.Now < time.GetUtcNow() ? input.Now : time.GetUtcNow();
        if (copies.FirstOrDefault(copy => copy.Status.TakenAt > now + s_clockTolerance) is { } future)
        {
            throw new StepFaultException(new StepFault(
                "retention.clock", FaultKind.Rejected, $"Snapshot {future.Key.Uuid} was taken at {future.Status.TakenAt:O}, later than now ({now:O}); by such a clock nothing is let go.", "Set the clocks of this machine and of the array, then let the policy run again."));
        }

        var judged = new JudgedCopies([.. PolicyCopies.Judge(policy, copies, now)]);
        var observed = clock.Observe();
        if (!judged.Volumes.Any(volume => volume.Verdicts.Any(verdict => !verdict.Keep))) return judged;
        if (observed is { } own) return judged with { Doubt = own.Why, DoubtUntil = own.Until };
        var contradiction = await arrays.ContradictAsync(time, cancellation);
        if (clock.IsToTell(contradiction, "array")) Contradicted(logger, contradiction.Why);
        if (contradiction is { } doubt) return judged with { Doubt = doubt.Why, DoubtUntil = doubt.Until };
        var newest = copies.Max(copy => copy.Status.TakenAt);
        return newest is { } last && now - last > s_stale
            ? judged with { Doubt = $"The newest copy of the policy was taken at {last:O}, and it is {now:O} by our clock: it has jumped, or nothing was taken for long." }
            : judged;
    }

    [LoggerMessage(EventId = 3153, Level = LogLevel.Error, Message = "An array contradicts the clock, so policies let no copy go unasked: {Why}")]
    private static partial void Contradicted(ILogger logger, string why);
}
