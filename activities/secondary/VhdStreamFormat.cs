using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Verify;
using SnapshotWorkflows.Secondary.Vhd;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>One dynamic VHD, staged part by part.</summary>
public sealed class VhdStreamFormat(TimeProvider time) : StreamFormat
{
    public override string Name => DataFormats.Vhd;

    public override async Task<StreamedCopy> CopyAsync(SecondaryDestination destination, CopyStreamInput input, CloneSource source, IProgress<DiskProgress> progress, CancellationToken cancellation)
    {
        var request = new VhdCopyRequest
        {
            Location = input.Target.Location,
            Session = input.Target.Key.Value,
            UniqueId = NameUuid.From($"vhd {input.Target.Key.Value}"),
            Timestamp = input.TakenAt,
        };
        var receipt = source.Disk is { } disk
            ? await VhdCopy.FromDiskAsync(destination.Store, request, new RawDisk(disk), progress, cancellation)
            : await VhdCopy.FromVhdStreamAsync(destination.Store, request, source.Export!, progress, cancellation);
        return new StreamedCopy(Receipt(receipt.Digest, receipt.DataBytes), receipt.SentBytes, receipt.KeptBytes);
    }

    public override async Task<StreamVerdict> VerifyAsync(SecondaryDestination destination, VerifyCopyInput input, IProgress<DiskProgress> progress, CancellationToken cancellation)
    {
        var request = new VerificationRequest { Location = input.Location, ExpectedRoot = new DiskRoot(input.Expected.Root), ExpectedDiskBytes = input.Expected.DiskBytes, Witness = input.Manifest };
        // An export's own length says nothing about the copy's; only who wrote the copy knows that.
        if (input.Format is not null && input.Location.EndsWith($"/{input.Key.Uuid}.vhd", StringComparison.Ordinal)) request = request with { ExpectedDataBytes = input.Expected.StoredBytes };
        var result = await new VhdVerification(time).VerifyAsync(destination.Store, request, progress, cancellation);
        return result.Verdict == VerificationVerdict.Match
            ? new StreamVerdict(new ContentReceipt(result.Digest!.Root.ToString(), result.DiskBytes, result.AllocatedBytes, result.DataBytes), Damaged: false, result.Summary)
            : new StreamVerdict(null, result.Verdict == VerificationVerdict.Damaged, result.Summary);
    }

    public override async Task DiscardAsync(SecondaryDestination destination, StreamTarget target, CancellationToken cancellation)
    {
        // What is staged first: were the object gone first, a late commit could bring it back.
        await destination.Staging.DiscardStagedAsync(target.Location, cancellation);
        await destination.Store.DeleteAsync(target.Location, cancellation);
    }
}
