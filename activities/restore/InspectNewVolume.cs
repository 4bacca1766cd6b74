using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>Proves that the array (the one asked for, else that of the snapshot's volume) has room, an account and a name for a new volume of the disk's size. Makes nothing.</summary>
[DurableTask(StepNames.InspectNewVolume)]
public sealed class InspectNewVolume(SolidFireArrays arrays, IActivityExecution execution) : StepActivity<InspectNewVolumeInput, NewVolumePlan>(execution)
{
    private const long MiB = 1 << 20;

    /// <summary>Volume group, management volume and rounding of the SR on it.</summary>
    private const long SrBytes = 128 * MiB;

    /// <summary>CloudStack's reserve for what an SR needs besides the disk: a tenth at least (solidfire plug-in, hypervisor snapshot reserve).</summary>
    private const int ReservePercent = 10;

    /// <summary>The smallest volume where the cluster does not tell (Element API reference, GetLimits: volumeSizeMin).</summary>
    private const long SmallestBytes = 1_000_000_000;

    protected override async Task<NewVolumePlan> ExecuteAsync(InspectNewVolumeInput input, CancellationToken cancellation)
    {
        var (_, array, cluster) = await ArrayAsync(input, cancellation);
        var limits = await array.GetLimitsAsync(cancellation);
        var needed = input.DiskBytes + (input.DiskBytes / 100 * ReservePercent) + SrBytes;
        var bytes = Math.Max(limits.VolumeBytesMin ?? SmallestBytes, (needed + MiB - 1) / MiB * MiB);
        if (limits.VolumeBytesMax is { } most && bytes > most)
            throw Refusal("restore.too-large", $"A volume of {bytes} bytes is needed; the array's largest has {most}.", "Fill a volume of another array by targetVolumeId, or restore the copy to a file.");
        var capacity = await array.GetClusterCapacityAsync(cancellation);
        if (!capacity.HasRoomFor(bytes))
            throw Refusal("array.full", $"The array {cluster.Name} has promised {capacity.ProvisionedBytes} of {capacity.MaxProvisionableBytes} bytes; {bytes} more do not fit.", "Delete and purge volumes, or restore to another array.");
        var account = await AccountAsync(array, cluster, input, cancellation);
        var siblings = await array.ListVolumesAsync(new VolumeFilter { AccountIds = [account] }, cancellation);
        if (limits.VolumesPerAccountMax is { } perAccount && siblings.Count >= perAccount)
            throw Refusal("array.account-full", $"Account {account} holds {siblings.Count} volumes on the array (deleted ones count until purged); {perAccount} is the limit.", "Purge deleted volumes of this account, or give another accountId.");
        return new NewVolumePlan(cluster.Uuid, account, input.Name, bytes);
    }

    private async Task<SolidFireArray> ArrayAsync(InspectNewVolumeInput input, CancellationToken cancellation)
    {
        try
        {
            return await arrays.RequireAsync(input.ClusterUuid ?? input.Source.ClusterUuid, cancellation);
        }
        catch (SolidFireArraysException gone) when (input.ClusterUuid is null && gone.Code == SolidFireArraysException.OtherCluster)
        {
            // The array that the snapshot was taken on is served no more. Where there is one in its place nothing is to be chosen.
            return arrays.Names.Count == 1
                ? await arrays.OpenAsync(name: null, cancellation)
                : throw Refusal("restore.array-missing", $"The array that the snapshot was taken on ({input.Source.ClusterUuid}) is none of {string.Join(", ", arrays.Names)}.", "Give clusterUuid: the cluster that is to hold the new volume.");
        }
    }

    /// <summary>An account's id means nothing on another cluster, so the source's is a default on its own alone.</summary>
    private static async Task<long> AccountAsync(SolidFireClient array, ClusterInfo cluster, InspectNewVolumeInput input, CancellationToken cancellation)
    {
        if (input.AccountId is { } asked)
        {
            try
            {
                return (await array.GetAccountAsync(asked, cancellation)).AccountId;
            }
            catch (SolidFireException unknown) when (unknown.Kind == SolidFireErrorKind.NotFound)
            {
                throw Refusal("restore.account-unknown", $"The array {cluster.Name} has no account {asked}.", "Give the accountID as the array lists it, or leave it out.");
            }
        }

        var source = string.Equals(cluster.Uuid, input.Source.ClusterUuid, StringComparison.OrdinalIgnoreCase) ? await array.FindVolumeAsync(input.Source.VolumeId, cancellation) : null;
        return source?.AccountId
            ?? throw Refusal("restore.account-missing", $"The volume that the snapshot was taken of ({input.Source}) is not on this array any more, so its account is not known.", "Give accountId: the array's account that is to own the new volume.");
    }

    private static StepFaultException Refusal(string code, string message, string remedy) => new(new StepFault(code, FaultKind.Rejected, message, remedy));
}
