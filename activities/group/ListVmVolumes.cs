using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.GroupSteps;

/// <summary>Which volumes a virtual machine has, once it is known to be the caller's. Makes nothing.</summary>
[DurableTask(StepNames.ListVmVolumes)]
public sealed class ListVmVolumes(CloudStackClient cloudStack, IActivityExecution execution) : StepActivity<ListVmVolumesInput, VmVolumes>(execution)
{
    protected override async Task<VmVolumes> ExecuteAsync(ListVmVolumesInput input, CancellationToken cancellation)
    {
        var machine = await cloudStack.FindVirtualMachineAsync(input.VmId, cancellation);
        if (input.Accounts is { } accounts && (machine is null || !AccountScope.Covers(accounts, machine.DomainId?.ToLowerInvariant(), machine.Account))) throw new StepFaultException(AccountFaults.NoVm(input.VmId));
        if (machine is null)
            throw new StepFaultException(new StepFault("group.vm-not-found", FaultKind.NotFound, $"CloudStack has no VM {input.VmId} that our key may see.", "Check the VM's uuid, and that CloudStack:ApiKey belongs to an administrator."));
        var volumes = await cloudStack.ListVolumesOfAsync(input.VmId, cancellation);
        return new VmVolumes([.. volumes.Select(volume => volume.Id).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }
}
