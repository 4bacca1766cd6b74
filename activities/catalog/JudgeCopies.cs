using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.CatalogSteps;

/// <summary>Judges a policy's copies by its rule, volume by volume. Deletes nothing.</summary>
[DurableTask(StepNames.JudgeCopies)]
public sealed class JudgeCopies(SnapshotIndex index, TimeProvider time, IActivityExecution execution) : StepActivity<JudgeCopiesInput, JudgedCopies>(execution)
{
    /// <summary>The array's clock and ours differ by less.</summary>
    private static readonly TimeSpan s_clockTolerance = TimeSpan.FromHours(1);

    protected override Task<JudgedCopies> ExecuteAsync(JudgeCopiesInput input, CancellationToken cancellation)
    {
        var copies = index.CopiesOf(input.Policy.Name);
        var now = input.Now < time.GetUtcNow() ? input.Now : time.GetUtcNow();
        if (copies.FirstOrDefault(copy => copy.Status.TakenAt > now + s_clockTolerance) is { } future)
        {
            throw new StepFaultException(new StepFault(
                "retention.clock", FaultKind.Rejected, $"Snapshot {future.Key.Uuid} was taken at {future.Status.TakenAt:O}, later than now ({now:O}); by such a clock nothing is let go.", "Set the clocks of this machine and of the array, then let the policy run again."));
        }

        return Task.FromResult(new JudgedCopies([.. PolicyCopies.Judge(input.Policy, copies, now)]));
    }
}
