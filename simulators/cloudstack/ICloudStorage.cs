namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>What the storage plug-in does on the primary storage. Each call throws <see cref="InvalidOperationException"/> when it cannot.</summary>
public interface ICloudStorage
{
    /// <summary>Takes the snapshot on the array.</summary>
    void Take(CloudVolume volume, CloudSnapshot snapshot);

    /// <summary>Deletes it there; one that is gone already is deleted.</summary>
    void Delete(CloudVolume volume, CloudSnapshot snapshot);

    /// <summary>Puts the volume back to it.</summary>
    void Revert(CloudVolume volume, CloudSnapshot snapshot);
}
