using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.CloudStack;
using SnapshotWorkflows.Simulators.SolidFire;

namespace SnapshotWorkflows.Simulators.World;

/// <summary>CloudStack's SolidFire plug-in as it names and marks snapshots on the array.</summary>
internal sealed class CloudStorage(Func<CloudVolume, (SolidFireSimulator Array, long VolumeId)> placeOf) : ICloudStorage
{
    private const int LongestName = 64;

    public void Take(CloudVolume volume, CloudSnapshot snapshot)
    {
        var (array, id) = placeOf(volume);
        array.Call("CreateSnapshot", new JsonObject
        {
            ["volumeID"] = id,
            ["name"] = Name(volume, snapshot),
            ["attributes"] = new JsonObject { ["CloudStackSnapshotId"] = snapshot.Id },
        });
    }

    public void Delete(CloudVolume volume, CloudSnapshot snapshot)
    {
        if (Find(volume, snapshot) is { } id) placeOf(volume).Array.Call("DeleteSnapshot", new JsonObject { ["snapshotID"] = id });
    }

    public void Revert(CloudVolume volume, CloudSnapshot snapshot)
    {
        var (array, id) = placeOf(volume);
        array.Call("RollbackToSnapshot", new JsonObject
        {
            ["volumeID"] = id,
            ["snapshotID"] = Find(volume, snapshot) ?? throw new InvalidOperationException($"The array has no snapshot of {snapshot.Id}."),
            ["saveCurrentState"] = false,
        });
    }

    /// <summary>The volume's name is cut so that the snapshot's uuid stays whole; anything but letters, digits and dashes is a dash.</summary>
    private static string Name(CloudVolume volume, CloudSnapshot snapshot)
    {
        var plain = new string([.. volume.Name.Select(character => char.IsAsciiLetterOrDigit(character) ? character : '-')]);
        return $"{plain[..Math.Min(plain.Length, LongestName - snapshot.Id.Length - 1)]}-{snapshot.Id}";
    }

    private long? Find(CloudVolume volume, CloudSnapshot snapshot)
    {
        var (array, id) = placeOf(volume);
        return (long?)array.Call("ListSnapshots", new JsonObject { ["volumeID"] = id })["snapshots"]!.AsArray()
            .FirstOrDefault(held => ((string)held!["name"]!).EndsWith(snapshot.Id, StringComparison.Ordinal))?["snapshotID"];
    }
}
