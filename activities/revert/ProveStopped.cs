using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.RevertSteps;

/// <summary>Proves that nobody uses the volume by CloudStack's word: it is detached, or its VM is Stopped. Makes nothing; asked again right before the volume is put back.</summary>
[DurableTask(StepNames.ProveStopped)]
public sealed class ProveStopped(CloudStackClient cloudStack, IActivityExecution execution) : StepActivity<ProveStoppedInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(ProveStoppedInput input, CancellationToken cancellation)
    {
        var volume = await cloudStack.FindVolumeAsync(input.VolumeId, cancellation)
            ?? throw Refusal("volume.not-found", FaultKind.NotFound, $"CloudStack has no volume {input.VolumeId} that our key may see.", "Restore the copy into a new volume instead.");
        if (volume.State is { } state && !string.Equals(state, "Ready", StringComparison.OrdinalIgnoreCase))
            throw Refusal("volume.not-ready", FaultKind.Busy, $"Volume {volume.Name} is {state} in CloudStack.", "Wait until it is Ready, then ask again.");
        if (volume.VirtualMachineId is not { } id) return true;
        var machine = await cloudStack.FindVirtualMachineAsync(id, cancellation);
        return string.Equals(machine?.State, "Stopped", StringComparison.OrdinalIgnoreCase)
            ? true
            : throw Refusal("revert.in-use", FaultKind.Rejected, $"Volume {volume.Name} is attached to {machine?.Name ?? id}, which is {machine?.State ?? "not known"}.", "Stop the VM or detach the volume, then ask again.");
    }

    private static StepFaultException Refusal(string code, FaultKind kind, string message, string remedy) => new(new StepFault(code, kind, message, remedy));
}
