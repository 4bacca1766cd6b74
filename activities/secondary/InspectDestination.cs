using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>
/// Proves that the destination is mounted, writable and has room, and names where the snapshot goes. Makes nothing. Room for the whole disk; where chunks build on an earlier snapshot of the volume, only for what must stay
/// free: what changed is not known before, and a copy that runs out of space is undone.
/// </summary>
[DurableTask(StepNames.InspectDestination)]
public sealed class InspectDestination(SecondaryDestinations destinations, TimeProvider time, IActivityExecution execution) : StepActivity<InspectDestinationInput, DestinationPlan>(execution)
{
    protected override async Task<DestinationPlan> ExecuteAsync(InspectDestinationInput input, CancellationToken cancellation)
    {
        var destination = destinations.Get(input.Destination);
        var format = input.Format ?? DataFormats.Vhd;
        // The hypervisor would have CloudStack's other disks in its SR: into its tree the copy goes through us.
        var copy = input.SecondaryPath is not null ? CopyMethods.Stream : input.Copy ?? (format == DataFormats.Vhd && destination.Folders is not null ? CopyMethods.Offload : CopyMethods.Stream);
        if (input.SecondaryPath is not null && (!SecondaryPaths.IsValid(input.SecondaryPath) || format != DataFormats.Vhd || copy != CopyMethods.Stream))
            throw new StepFaultException(new StepFault("request.secondary-path", FaultKind.Rejected, "A secondaryPath is snapshots/<accountId>/<volumeId>, for a streamed VHD.", "See docs/cloudstack-plugin.md."));
        if (input.SecondaryPath is not null && destination.Folders is null)
            throw new StepFaultException(new StepFault("request.secondary-path", FaultKind.Rejected, $"Destination {destination.Name} is no folder that CloudStack could mount, so a secondaryPath means nothing on it.", "Name the NFS destination that is CloudStack's image store."));
        if (copy == CopyMethods.Offload && format != DataFormats.Vhd)
            throw new StepFaultException(new StepFault("copy.format", FaultKind.Rejected, $"A hypervisor writes VHDs: format '{format}' does not go with copy 'offload'.", "Leave 'copy' out, or say 'stream'."));
        if (copy == CopyMethods.Offload) _ = destination.RequireFolders();
        var check = await destination.Store.CheckAsync(cancellation);
        if (check.Fault is { } fault) throw fault;
        // A store that tells no size (an object store) has room as far as anyone can say.
        if (check.TotalBytes > 0 && check.FreeBytes < input.NeededBytes + destination.Options.MinimumFreeBytes && !(format == DataFormats.Chunks && await SendsChangesAsync(destination, input, cancellation)))
        {
            throw new StepFaultException(new StepFault(
                "store.full", FaultKind.Rejected,
                $"Destination {destination.Name} has {check.FreeBytes} bytes free; the disk may need {input.NeededBytes} and {destination.Options.MinimumFreeBytes} are to stay free.",
                "Free space there, or choose another destination."));
        }

        // A wrong key is said now, not when the guest was frozen and the clone made.
        if (format == DataFormats.Chunks && await destination.HasRepositoryAsync(cancellation)) _ = await destination.OpenRepositoryAsync(time, cancellation);
        var address = new SnapshotAddress(input.ZoneId, input.VolumeId, input.Key.Uuid);

        // The catalog may have lost its row.
        if (await destination.Store.FindAsync(SnapshotLocations.Manifest(address), cancellation) is not null) throw new StepFaultException(KeyFaults.Used(input.Key));
        return new DestinationPlan(destination.Name, destination.Options.Server, destination.Options.Export, SnapshotLocations.DataFolder(address), SnapshotLocations.Manifest(address), check.FreeBytes)
        {
            Copy = copy,
            Format = format,
            Location = input.SecondaryPath is { } path ? $"{path}/{input.Key.Uuid}.vhd" : copy != CopyMethods.Stream ? null
                : format == DataFormats.Chunks ? $"{SecondaryDestination.RepositoryOptions.Prefix}sessions/{input.Key.Uuid}.1/end" : SnapshotLocations.DataFile(address, input.Key.Uuid),
        };
    }

    private async Task<bool> SendsChangesAsync(SecondaryDestination destination, InspectDestinationInput input, CancellationToken cancellation) =>
        await destination.HasRepositoryAsync(cancellation) && await (await destination.OpenRepositoryAsync(time, cancellation)).HasSnapshotOfAsync(input.VolumeId, cancellation);
}
