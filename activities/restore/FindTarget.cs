using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>
/// Finds the LUN of a detached CloudStack volume and proves that nobody can be using it: CloudStack's mark on it, in no access group, no session. Makes nothing. Where CloudStack's path is the
/// disk's uuid the name leads to the LUN, and the uuid on it, once it is attached, must prove it.
/// </summary>
[DurableTask(StepNames.FindTarget)]
public sealed class FindTarget(SolidFireArrays arrays, IActivityExecution execution) : StepActivity<FindTargetInput, CloneLun>(execution)
{
    protected override async Task<CloneLun> ExecuteAsync(FindTargetInput input, CancellationToken cancellation)
    {
        var name = input.Volume.Name;
        var found = input.Volume.Path.Split('/') is ["", var iqn, _] ? await arrays.FindActiveByIqnAsync(iqn, cancellation) : await ByNameAsync(input.Volume, cancellation);
        if (found is not ((_, var array, var cluster), var volume))
            throw Refusal("array.no-volume", FaultKind.NotFound, $"No array ({string.Join(", ", arrays.Names)}) has a volume that is CloudStack's {name}.", "Check that the array that holds this volume is among those under SolidFire, and that it was attached to a VM once: before, it has no disk.");
        TargetProofs.RequireCloudStacks(volume);
        if (volume.TotalBytes < input.DiskBytes)
            throw Refusal("restore.target-too-small", FaultKind.Rejected, $"Volume {name} has {volume.TotalBytes} bytes on the array; the disk has {input.DiskBytes}.", "Name a volume of at least the disk's size.");
        if (volume.AccessGroupIds.Count > 0)
            throw Refusal("restore.target-in-access-group", FaultKind.Busy, $"Volume {name} ({volume.VolumeId}) is in access group {string.Join(", ", volume.AccessGroupIds)}: a host may be using it.", "Detach it in CloudStack, and take it out of the group if that has left it there.");
        if (await array.ListIscsiSessionsAsync(volume.VolumeId, cancellation) is [var session, ..])
            throw Refusal("restore.target-in-use", FaultKind.Busy, $"{session.InitiatorName} is logged in to volume {name} ({volume.VolumeId}).", "Detach it in CloudStack and log the host out of the target.");
        return ArrayLookup.Lun(volume, cluster);
    }

    /// <summary>The plug-in names a volume as CloudStack does, anything but letters, digits and dashes as a dash (CloudStack, SolidFirePrimaryDataStoreDriver; for volumes a guess).</summary>
    private async Task<FoundVolume?> ByNameAsync(Contracts.CloudStackVolume wanted, CancellationToken cancellation)
    {
        // A name proves so little that every array has to be heard: the one that is away may have another volume of it.
        var round = await arrays.AskAllAsync(cancellation);
        round.RequireAll();
        var name = new string([.. wanted.Name.Select(character => char.IsAsciiLetterOrDigit(character) ? character : '-')]);
        var named = new List<FoundVolume>();
        foreach (var array in round.Arrays)
        {
            await arrays.RequireAsync(array.Cluster.Uuid, cancellation);
            var listed = await array.Client.ListVolumesAsync(new VolumeFilter { Name = name, Status = Volume.ActiveStatus }, cancellation);
            named.AddRange(listed.Where(volume => volume.IsActive && volume.Name == name && volume.FindAttribute(OwnVolumeDeletion.CloudStackMark) is not null).Select(volume => new FoundVolume(array, volume)));
        }

        return named.Count <= 1
            ? named.FirstOrDefault()
            : throw Refusal("restore.target-ambiguous", FaultKind.Conflict, $"There are {named.Count} volumes named {name} on {string.Join(", ", named.Select(one => one.Array.Name).Distinct())}; which of them is CloudStack's {wanted.Id} cannot be told.", "Restore into a new volume, or into one whose name is its own.");
    }

    private static StepFaultException Refusal(string code, FaultKind kind, string message, string remedy) => new(new StepFault(code, kind, message, remedy));
}
