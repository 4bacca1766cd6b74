using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Secondary.Pipeline;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>A snapshot in the destination's repository of chunks: its id there is the snapshot's uuid, and its disk is CloudStack's volume, so that earlier snapshots of the volume are its baseline.</summary>
public sealed class ChunksStreamFormat(TimeProvider time) : StreamFormat
{
    public override string Name => DataFormats.Chunks;

    public override async Task<StreamedCopy> CopyAsync(SecondaryDestination destination, CopyStreamInput input, CloneSource source, IProgress<DiskProgress> progress, CancellationToken cancellation)
    {
        var repository = await destination.OpenOrCreateRepositoryAsync(time, cancellation);
        var request = new ChunkSnapshotRequest { Snapshot = input.Target.Key.Uuid, Volume = SnapshotLocations.AddressOf(input.Target.Folder + ".manifest.json").VolumeUuid };
        var snapshot = source.Disk is { } disk
            ? await repository.WriteAsync(request, disk, new Adapted(progress), cancellation)
            : await repository.WriteVhdStreamAsync(request, source.Export!, new Adapted(progress), cancellation);
        return new StreamedCopy(await ReceiptAsync(destination.Store, repository, snapshot, cancellation), snapshot.SentBytes, KeptBytes: 0) { Location = repository.LocationOf(snapshot) };
    }

    public override async Task<StreamVerdict> VerifyAsync(SecondaryDestination destination, VerifyCopyInput input, IProgress<DiskProgress> progress, CancellationToken cancellation)
    {
        var repository = await destination.OpenRepositoryAsync(time, cancellation);
        if (await repository.FindAsync(input.Key.Uuid, cancellation) is not { } snapshot)
            return new StreamVerdict(null, Damaged: true, "The repository holds no such snapshot.");
        if (snapshot.Root != input.Expected.Root || snapshot.DiskBytes != input.Expected.DiskBytes)
            return new StreamVerdict(null, Damaged: false, $"The snapshot's root is {snapshot.Root}, {input.Expected.Root} was expected.");
        var report = await repository.VerifyAsync(new ChunkVerifyRequest { Snapshots = [snapshot.Snapshot] }, new PacksOf(snapshot.DiskBytes, progress), cancellation);
        progress.Report(new DiskProgress(snapshot.DiskBytes, snapshot.DiskBytes));
        return report.Sound
            ? new StreamVerdict(Occupying(await ReceiptAsync(destination.Store, repository, snapshot, cancellation), report.StoredBytes), Damaged: false, "Every leaf is the one that was read from the clone.")
            : new StreamVerdict(null, Damaged: true, report.Findings[0].Message + (report.Unmarked is { } fault ? $" It could not be marked as damaged, so the next copy may meet it again: {fault.Message}" : ""));
    }

    public override async Task DiscardAsync(SecondaryDestination destination, StreamTarget target, CancellationToken cancellation)
    {
        // Without a repository there is nothing to take away; one that is there and cannot be opened is an error.
        if (!await destination.HasRepositoryAsync(cancellation))
            return;
        await (await destination.OpenRepositoryAsync(time, cancellation)).UndoAsync(target.Key.Uuid, cancellation);
    }

    // The data object of such a copy is its manifest in the repository: from it everything is reached.
    private static async Task<ContentReceipt> ReceiptAsync(ISecondaryStore store, ChunkRepository repository, ChunkSnapshot snapshot, CancellationToken cancellation)
    {
        var found = await store.FindAsync(repository.LocationOf(snapshot), cancellation)
            ?? throw new StepFaultException(new StepFault("copy.gone", FaultKind.Transient, "The copy's manifest vanished from the repository.", "Find out who removes objects from the destination."));
        return new ContentReceipt(snapshot.Root, snapshot.DiskBytes, snapshot.DataBytes, found.Length);
    }

    private static ContentReceipt Occupying(ContentReceipt receipt, long chunkBytes) => receipt with { OccupiedBytes = receipt.StoredBytes + chunkBytes };

    // A verification counts packs; people are told of the disk.
    private sealed class PacksOf(long diskBytes, IProgress<DiskProgress> progress) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => progress.Report(new DiskProgress((long)((Int128)diskBytes * value.DoneBytes / Math.Max(1, value.TotalBytes)), diskBytes));
    }

    private sealed class Adapted(IProgress<DiskProgress> progress) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => progress.Report(new DiskProgress(value.DoneBytes, value.TotalBytes));
    }
}
