using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Verify;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Reads the copy back from the store and holds its structure, its length and its whole content against what the source's second reader saw.</summary>
[DurableTask(StepNames.VerifyCopy)]
public sealed class VerifyCopy(SecondaryDestinations destinations, TimeProvider time, IActivityExecution execution) : StepActivity<VerifyCopyInput, ContentReceipt>(execution)
{
    protected override async Task<ContentReceipt> ExecuteAsync(VerifyCopyInput input, CancellationToken cancellation)
    {
        var progress = new ProgressReports(Execution, new RateMeter(StepNames.VerifyCopy, input.Expected.DiskBytes, time), time);
        var request = new VerificationRequest { Location = input.Location, ExpectedRoot = new DiskRoot(input.Expected.Root), ExpectedDiskBytes = input.Expected.DiskBytes };
        var result = await new VhdVerification(time).VerifyAsync(destinations.Get(input.Destination).Store, request, progress, cancellation);
        await progress.FlushAsync();
        return result.Verdict == VerificationVerdict.Match
            ? new ContentReceipt(result.Digest!.Root.ToString(), result.DiskBytes, result.AllocatedBytes, result.DataBytes)
            : throw new StepFaultException(new StepFault(
                result.Verdict == VerificationVerdict.Damaged ? "verify.damaged" : "verify.mismatch", FaultKind.Corrupt,
                $"The copy is not what the snapshot holds: {result.Summary}", "The copy was removed; look at the copy host and the store, then start again."));
    }
}
