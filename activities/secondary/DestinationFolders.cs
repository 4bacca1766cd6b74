using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>Destinations that a hypervisor can write into by itself.</summary>
internal static class DestinationFolders
{
    public static IHypervisorFolders RequireFolders(this SecondaryDestination destination) =>
        destination.Folders ?? throw new StepFaultException(new StepFault(
            "store.no-folders", FaultKind.Rejected, $"Destination {destination.Name} is no file store, so a hypervisor cannot copy into it.", "Ask for copy 'stream', or choose a destination of Kind nfs."));

    /// <exception cref="StepFaultException"><c>store.not-ours</c>: the folder is that of another snapshot.</exception>
    public static void DemandOwn(RequestKey key, string folder)
    {
        if (!folder.EndsWith($"/{key.Uuid}", StringComparison.Ordinal))
            throw new StepFaultException(new StepFault("store.not-ours", FaultKind.Conflict, $"'{folder}' is not the folder of snapshot {key.Uuid}.", "Nothing was touched; this is a defect: report it."));
    }

    /// <exception cref="StepFaultException"><c>store.manifest-exists</c>: the data is a backup.</exception>
    public static async Task DemandNoManifestAsync(this SecondaryDestination destination, string folder, CancellationToken cancellation)
    {
        var manifest = $"{folder}.manifest.json";
        if (await destination.Store.FindAsync(manifest, cancellation) is null) return;
        throw new StepFaultException(new StepFault(
            "store.manifest-exists", FaultKind.Conflict, $"'{manifest}' exists, so the data beside it is a backup. It was not removed.",
            "Delete the snapshot if it is not wanted; report this if its request failed."));
    }
}
