using SnapshotWorkflows.Activities.CatalogSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.CloudStackSteps;

/// <summary>Asks CloudStack what the volume is, and whose, before anything else is told about it. Makes nothing.</summary>
[DurableTask(StepNames.ResolveVolume)]
public sealed class ResolveVolume(CloudStackClient cloudStack, SnapshotIndex index, IActivityExecution execution) : StepActivity<ResolveVolumeInput, Contracts.CloudStackVolume>(execution)
{
    protected override async Task<Contracts.CloudStackVolume> ExecuteAsync(ResolveVolumeInput input, CancellationToken cancellation)
    {
        index.RequireFresh(input.Snapshot);
        var volume = await cloudStack.FindVolumeAsync(input.VolumeId, cancellation);
        if (input.Accounts is { } accounts && (volume is null || !AccountScope.Covers(accounts, volume.DomainId?.ToLowerInvariant(), volume.Account))) throw new StepFaultException(AccountFaults.NoVolume(input.VolumeId));
        if (volume is null)
            throw Refusal("volume.not-found", FaultKind.NotFound, $"CloudStack has no volume {input.VolumeId} that our key may see.", "Check the volume's uuid, and that CloudStack:ApiKey belongs to an administrator.");
        if (volume.State is { } state && !string.Equals(state, "Ready", StringComparison.OrdinalIgnoreCase))
        {
            throw Refusal("volume.not-ready", FaultKind.Busy, $"Volume {volume.Name} is {state} in CloudStack.", "Wait until it is Ready, then ask again.");
        }

        if (volume.Hypervisor is { } hypervisor && !hypervisor.StartsWith("Xen", StringComparison.OrdinalIgnoreCase))
        {
            throw Refusal("volume.hypervisor", FaultKind.Rejected, $"Volume {volume.Name} belongs to {hypervisor}; only XenServer and XCP-ng are served.", "Use CloudStack's own snapshots for it.");
        }

        if (string.IsNullOrEmpty(volume.Path))
        {
            throw Refusal("volume.no-path", FaultKind.Rejected, $"CloudStack tells no path for volume {volume.Name}.", "Use the API key of a root administrator in CloudStack:ApiKey; an unattached, never used volume has no disk yet.");
        }

        var machine = volume.VirtualMachineId is { } id ? await cloudStack.FindVirtualMachineAsync(id, cancellation) : null;
        return new Contracts.CloudStackVolume(volume.Id, volume.Name, volume.Path, volume.ZoneId, volume.Account, volume.VirtualMachineId, machine?.Name, volume.Bytes) { DomainId = volume.DomainId?.ToLowerInvariant() };
    }

    private static StepFaultException Refusal(string code, FaultKind kind, string message, string remedy) => new(new StepFault(code, kind, message, remedy));
}
