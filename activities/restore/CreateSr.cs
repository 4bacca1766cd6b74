using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.RestoreSteps;

/// <summary>
/// The one place that formats: makes an SR on the volume that CreateVolume made a moment ago. A LUN is formatted once at most, and only while all of this holds, read anew right before: the
/// cluster, the id that our own CreateVolume was answered with, our whole mark with the role of a volume in the making, no mark of CloudStack's, made within the day, no snapshot, in the copy
/// host's access group alone, no session of anyone else, not one byte ever written by the array's own count, and an empty probe of exactly this LUN. Whatever cannot be told makes the volume
/// unusable: it is deleted and made anew. Array and host are one step here on purpose: a proof that is older than the act proves nothing.
/// </summary>
[DurableTask(StepNames.CreateSr)]
public sealed class CreateSr(SolidFireArrays arrays, IXenServerPools pools, IntentLedger intents, Marker marker, TimeProvider time, IActivityExecution execution) : StepActivity<SrInput, SrReceipt>(execution)
{
    private static readonly TimeSpan s_oldest = TimeSpan.FromDays(1);

    protected override async Task<SrReceipt> ExecuteAsync(SrInput input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Pool);
        var host = await CloneProbe.RequireHostAsync(pool, input.HostUuid, cancellation);
        var introduction = new SrIntroduction(pool, intents, marker, input.Key, Roles.Sr);
        var id = input.Lun.Volume.VolumeId.ToString();
        var sr = intents.Find(input.Key, Roles.Format) is { } earlier && earlier.Marker == id
            ? await AdoptAsync(pool, introduction, host, input, cancellation)
            : await FormatAsync(pool, introduction, host, input, cancellation);
        intents.Made(input.Key, Roles.Format, id);
        intents.Made(input.Key, Roles.Sr, sr.Uuid);
        var pbd = await introduction.AttachAsync(sr, host, CloneProbe.DeviceConfig(input.Lun), cancellation);
        return new SrReceipt(sr.Uuid, pbd.Uuid);
    }

    private async Task<Sr> FormatAsync(XenServerClient pool, SrIntroduction introduction, Host host, SrInput input, CancellationToken cancellation)
    {
        if (await introduction.FindOwnAsync(cancellation) is { } stray)
            throw Refusal("sr.ambiguous", $"Pool {pool.PoolName} has SR {stray.Uuid} of this restore before it made one.");
        await ProveBlankAsync(input, host, cancellation);
        var probe = await pool.Srs.ProbeAsync(host.Ref, CloneProbe.DeviceConfig(input.Lun), SrCalls.LvmOverIscsi, cancellation);
        if (probe.SrList is not { } found)
            throw new StepFaultException(new StepFault("sr.lun-not-seen", FaultKind.Transient, $"Host {host.NameLabel} does not see the new volume's LUN yet.", "Check the storage network and the access group of the copy host.", TimeSpan.FromSeconds(2)));
        if (found.Count > 0) throw Refusal("format.not-empty", $"The new volume {input.Lun.Iqn} shows SR {found[0].Uuid}.");

        intents.Intend(input.Key, Roles.Format, "xenserver", pool.PoolName, input.Lun.Volume.VolumeId.ToString());
        await intents.MakeAsync(
            input.Key, Roles.Sr, "xenserver", pool.PoolName, input.Key.NameFor(Roles.Sr),
            () => pool.Srs.CreateAsync(
                host.Ref, CloneProbe.DeviceConfig(input.Lun), 0, input.Key.NameFor(Roles.Sr), "SnapshotWorkflows: restore", SrCalls.LvmOverIscsi, "user", shared: false, Execution.StopToken));
        return await introduction.FindOwnAsync(cancellation) ?? throw Unknown(input, "the pool shows no SR right after it made one");
    }

    /// <summary>An earlier attempt asked for the SR. What the pool and the LUN agree on is taken; anything else is not used, and nothing is formatted twice.</summary>
    private static async Task<Sr> AdoptAsync(XenServerClient pool, SrIntroduction introduction, Host host, SrInput input, CancellationToken cancellation)
    {
        if (await introduction.FindOwnAsync(cancellation) is not { } sr) throw Unknown(input, "the pool shows no SR of it");
        var probe = await pool.Srs.ProbeAsync(host.Ref, CloneProbe.DeviceConfig(input.Lun), SrCalls.LvmOverIscsi, cancellation);
        return probe.SrList switch
        {
            [var only] when only.Uuid == sr.Uuid => sr,
            null or [] => throw new StepFaultException(new StepFault(
                "format.under-way", FaultKind.Busy, $"SR {sr.Uuid} has its row, and its LUN shows nothing yet.", "Nothing: either it comes, or the restore fails and is undone.", TimeSpan.FromSeconds(5))),
            _ => throw Unknown(input, "the LUN bears another SR than the pool shows"),
        };
    }

    private async Task ProveBlankAsync(SrInput input, Host host, CancellationToken cancellation)
    {
        var id = input.Lun.Volume;
        var array = (await arrays.RequireAsync(id.ClusterUuid, cancellation)).Client;
        var volume = await array.FindVolumeAsync(id.VolumeId, cancellation);
        if (volume is not { IsActive: true }) throw Refusal("format.gone", $"{id} is not there.");
        if (intents.Find(input.Key, Roles.Volume) is not { State: IntentStates.Made } made || made.ObjectId != id.VolumeId.ToString())
            throw Refusal("format.not-ours", $"The ledger does not say that this restore made {id}.");
        if (!new OwnVolumes(array, marker).IsOurs(volume, input.Key) || volume.Iqn != input.Lun.Iqn || volume.FindAttribute(OwnVolumeDeletion.CloudStackMark) is not null)
            throw Refusal("format.not-ours", $"{id} does not bear the mark of this restore alone.");
        if (volume.CreatedAt is not { } createdAt || (time.GetUtcNow() - createdAt).Duration() > s_oldest)
            throw Refusal("format.too-old", $"{id} was created at {volume.CreatedAt:O}, not within the last day.");
        if ((await array.ListSnapshotsAsync(id.VolumeId, cancellation)).Count > 0) throw Refusal("format.has-snapshots", $"{id} has snapshots.");
        var groups = (await array.ListVolumeAccessGroupsAsync(cancellation)).Where(group => group.VolumeIds.Contains(id.VolumeId)).ToList();
        if (groups is not [var only] || !only.Initiators.Contains(host.Iqn, StringComparer.OrdinalIgnoreCase))
            throw Refusal("format.access", $"{id} is in {groups.Count} access groups; only that of the copy host may hold it.");
        if ((await array.ListIscsiSessionsAsync(id.VolumeId, cancellation)).FirstOrDefault(session => !string.Equals(session.InitiatorName, host.Iqn, StringComparison.OrdinalIgnoreCase)) is { } stranger)
            throw Refusal("format.in-use", $"{stranger.InitiatorName} is logged in to {id}.");
        var stats = await array.GetVolumeStatsAsync(id.VolumeId, cancellation);
        if (stats.VolumeId != id.VolumeId || stats.WriteBytes != 0 || stats.WriteOperations != 0 || stats.NonZeroBlocks != 0)
            throw Refusal("format.written", $"{stats.WriteBytes} bytes were written to {id} already.");
    }

    private static StepFaultException Refusal(string code, string message) => new(new StepFault(
        code, FaultKind.Corrupt, $"{message} It was not formatted.", "Nothing was written to it; look at the volume before the restore is started again."));

    private static StepFaultException Unknown(SrInput input, string why) => new(new StepFault(
        FaultCodes.FormatOutcomeUnknown, FaultKind.Conflict, $"Whether an SR was made on {input.Lun.Volume} cannot be told: {why}.", "The volume is deleted. Look at the copy pool if this repeats."));
}
