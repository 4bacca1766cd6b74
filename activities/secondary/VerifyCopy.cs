using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Reads the copy back from the store and holds its structure, its length and its whole content against what was read from the source.</summary>
[DurableTask(StepNames.VerifyCopy)]
public sealed class VerifyCopy(SecondaryDestinations destinations, StreamFormats formats, TimeProvider time, IActivityExecution execution) : StepActivity<VerifyCopyInput, ContentReceipt>(execution)
{
    protected override async Task<ContentReceipt> ExecuteAsync(VerifyCopyInput input, CancellationToken cancellation)
    {
        var progress = new ProgressReports(Execution, new RateMeter(StepNames.VerifyCopy, input.Expected.DiskBytes, time), time);
        var verdict = await formats.Get(input.Format ?? DataFormats.Vhd).VerifyAsync(destinations.Get(input.Destination), input, progress, cancellation);
        await progress.FlushAsync();
        return verdict.Content ?? throw new StepFaultException(new StepFault(
            verdict.Damaged ? "verify.damaged" : "verify.mismatch", FaultKind.Corrupt,
            $"The copy is not what the snapshot holds: {verdict.Summary}", "Look at the copy host and the store. A copy that is not published yet is taken away, and its snapshot is taken again; one that is stays, and counts as damaged."));
    }
}
