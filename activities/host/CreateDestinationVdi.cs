using System.Globalization;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>Makes the empty VDI that the copy goes into, or finds the one of this try. Every try of the copy has its own.</summary>
[DurableTask(StepNames.CreateDestinationVdi)]
public sealed class CreateDestinationVdi(IXenServerPools pools, IntentLedger intents, Marker marker, IActivityExecution execution) : StepActivity<DestinationVdiInput, VdiReceipt>(execution)
{
    protected override async Task<VdiReceipt> ExecuteAsync(DestinationVdiInput input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Pool);
        var attempt = input.Attempt.ToString(CultureInfo.InvariantCulture);
        var sr = await pool.Srs.FindAsync(input.SrUuid, cancellation)
            ?? throw new StepFaultException(new StepFault("sr.gone", FaultKind.NotFound, $"The destination SR {input.SrUuid} is no longer in pool {input.Pool}.", "Start again; find out who forgot the SR."));
        var own = await new DestinationVdis(pool, marker).OwnAsync(input.Key, sr, cancellation);
        var found = own.Where(vdi => vdi.OtherConfig.GetValueOrDefault(DestinationVdis.AttemptName) == attempt).ToList();
        if (found.Count > 1)
        {
            throw new StepFaultException(new StepFault("copy.ambiguous", FaultKind.Corrupt, $"There are {found.Count} destination disks of one try.", "They are all destroyed by the undo."));
        }

        if (found is [var only])
        {
            intents.Made(input.Key, Roles.DestinationVdi, only.Uuid);
            return new VdiReceipt(only.Uuid, only.VirtualBytes);
        }

        var otherConfig = marker.OtherConfig(input.Key, Roles.DestinationVdi);
        otherConfig[DestinationVdis.AttemptName] = attempt;
        intents.Intend(input.Key, Roles.DestinationVdi, "xenserver", input.Pool, input.Key.NameFor(Roles.DestinationVdi));
        var reference = await pool.Vdis.CreateAsync(
            new NewVdi { Sr = sr.Ref, NameLabel = input.Label ?? input.Key.NameFor(Roles.DestinationVdi), VirtualBytes = input.VirtualSizeBytes, OtherConfig = otherConfig }, Execution.StopToken);
        var made = await pool.Vdis.GetAsync(reference, cancellation);
        intents.Made(input.Key, Roles.DestinationVdi, made.Uuid);
        return new VdiReceipt(made.Uuid, made.VirtualBytes);
    }
}
