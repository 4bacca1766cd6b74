using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Destinations that a hypervisor can write into by itself.</summary>
internal static class DestinationFolders
{
    public static IHypervisorFolders RequireFolders(this SecondaryDestination destination) =>
        destination.Folders ?? throw new StepFaultException(new StepFault(
            "store.no-folders", FaultKind.Rejected, $"Destination {destination.Name} is no file store, so a hypervisor cannot copy into it.", "Choose a destination of Kind nfs."));
}
