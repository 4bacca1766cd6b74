namespace SnapshotWorkflows.Contracts;

/// <summary>What a tenant is told of a volume or VM that is not there, and, word for word the same, of one that is somebody else's: not even that there is one.</summary>
public static class AccountFaults
{
    public static StepFault NoVolume(string volumeId) =>
        new("volume.not-found", FaultKind.NotFound, $"There is no volume {volumeId} in the accounts of this key.", "Check the volume's uuid, or ask an operator.");

    public static StepFault NoVm(string vmId) =>
        new("group.vm-not-found", FaultKind.NotFound, $"There is no VM {vmId} in the accounts of this key.", "Check the VM's uuid, or ask an operator.");
}
