using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>
/// What came with which API version: an older path knows neither the method, nor the parameter, nor the member of an answer.
/// Methods and parameters after the marks in the vendor's Python SDK (12.3.0.203) and "New since version" in the reference;
/// members after the reference's notes, those of 9.0 to 11.0 guessed from recorded answers.
/// </summary>
internal static class Since
{
    private static readonly Dictionary<string, ApiVersion> Parameters = Read(new()
    {
        ["8.0"] = "CreateSnapshot.enableRemoteReplication CreateSnapshot.expirationTime CreateSnapshot.retention CreateGroupSnapshot.enableRemoteReplication "
            + "CreateGroupSnapshot.expirationTime CreateGroupSnapshot.retention CloneVolume.enable512e",
        ["6.0"] = "CloneVolume.attributes CloneVolume.snapshotID ModifyVolume.createTime ModifyVolume.setCreateTime",
        ["9.0"] = "ListVolumesForAccount.includeVirtualVolumes ListActiveVolumes.includeVirtualVolumes ListDeletedVolumes.includeVirtualVolumes "
            + "ListVolumes.includeVirtualVolumes AddInitiatorsToVolumeAccessGroup.deleteOrphanInitiators "
            + "ListAccounts.includeStorageContainers DeleteVolumeAccessGroup.force DeleteVolumeAccessGroup.deleteOrphanInitiators",
        ["10.0"] = "CreateVolume.access CreateVolume.qosPolicyID CreateVolume.associateWithQoSPolicy CreateVolume.enableSnapMirrorReplication "
            + "ModifyVolume.qosPolicyID ModifyVolume.associateWithQoSPolicy ModifyVolume.enableSnapMirrorReplication ModifyVolumes.qosPolicyID "
            + "ModifyVolumes.associateWithQoSPolicy CreateSnapshot.snapMirrorLabel CreateGroupSnapshot.snapMirrorLabel ModifySnapshot.snapMirrorLabel "
            + "CloneVolume.enableSnapMirrorReplication",
        ["12.2"] = "CreateSnapshot.ensureSerialCreation CreateGroupSnapshot.ensureSerialCreation AddAccount.enableChap ModifyAccount.enableChap",
        ["12.3"] = "CreateVolume.fifoSize CreateVolume.minFifoSize ModifyVolume.fifoSize ModifyVolume.minFifoSize ModifyVolumes.fifoSize "
            + "ModifyVolumes.minFifoSize ModifySnapshot.name ModifyGroupSnapshot.name",
        ["12.8"] = "CreateVolume.dontMoveForIopsRebalance ModifyVolume.dontMoveForIopsRebalance",
    });

    private static readonly Dictionary<string, ApiVersion> Members = Read(new()
    {
        ["5.0"] = "volumeAccessGroups",
        ["6.0"] = "scsiEUIDeviceID scsiNAADeviceID volumePairs",
        ["7.0"] = "groupID groupSnapshotUUID",
        ["8.0"] = "expirationReason expirationTime enableRemoteReplication snapshotUUID lastAccessTime",
        ["9.0"] = "virtualVolumeID storageContainerID initiatorIDs volumeConsistencyGroupUUID volumeUUID",
        ["10.0"] = "qosPolicyID snapMirrorLabel enableSnapMirrorReplication lastAccessTimeIO",
        ["11.0"] = "currentProtectionScheme previousProtectionScheme defaultProtectionScheme enabledProtectionSchemes supportedProtectionSchemes",
        ["12.0"] = "authentication driveIDs instanceCreateTime instanceSnapshotUUID volumeName",
        ["12.2"] = "enableChap softwareEncryptionAtRestState",
        ["12.3"] = "fifoSize minFifoSize",
        ["12.8"] = "dontMoveForIopsRebalance sliceIopsStats volumeLoadBalanceOnActualIopsState",
    });

    /// <summary>Whether a method of this version takes the parameter.</summary>
    public static bool Knows(ApiVersion version, string method, string parameter) =>
        !Parameters.TryGetValue($"{method}.{parameter}", out var since) || !(version < since);

    /// <summary>Takes away what the version's answers do not have. What callers keep in attributes is theirs.</summary>
    public static void Prune(JsonNode? node, ApiVersion version)
    {
        switch (node)
        {
            case JsonArray array:
                foreach (var element in array)
                {
                    Prune(element, version);
                }

                break;
            case JsonObject members:
                foreach (var (name, value) in members.ToList())
                {
                    if (Members.TryGetValue(name, out var since) && version < since)
                    {
                        members.Remove(name);
                    }
                    else if (name != "attributes")
                    {
                        Prune(value, version);
                    }
                }

                break;
        }
    }

    private static Dictionary<string, ApiVersion> Read(Dictionary<string, string> byVersion) => byVersion
        .SelectMany(entry => entry.Value.Split(' '), (entry, name) => (name, entry.Key))
        .ToDictionary(entry => entry.name, entry => ApiVersion.Parse(entry.Key), StringComparer.Ordinal);
}
