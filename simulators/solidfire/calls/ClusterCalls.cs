using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>What the cluster says of itself.</summary>
internal sealed class ClusterCalls(Cluster cluster, CallTable table)
{
    // Every version served; the newest is the options' own.
    private static readonly string[] Versions =
    [
        "1.0", "2.0", "3.0", "4.0", "5.0", "5.1", "6.0", "7.0", "7.1", "7.2", "7.3", "7.4", "8.0", "8.1", "8.2", "8.3", "8.4", "8.5", "8.6", "8.7",
        "9.0", "9.1", "9.2", "9.3", "9.4", "9.5", "9.6", "10.0", "10.1", "10.2", "10.3", "10.4", "10.5", "10.6", "10.7",
        "11.0", "11.1", "11.3", "11.5", "11.7", "11.8", "12.0", "12.2", "12.3", "12.5", "12.7", "12.8",
    ];

    public void Register()
    {
        table.Read("GetAPI", _ => GetApi());
        table.Read("GetClusterInfo", _ => GetClusterInfo());
        table.Read("GetClusterVersionInfo", _ => GetClusterVersionInfo());
        table.Read("GetClusterCapacity", _ => GetClusterCapacity());
        table.Read("GetLimits", _ => GetLimits());
        table.Read("ListEvents", ListEvents);
        table.Read("ListClusterFaults", parameters =>
        {
            parameters.Choice("faultTypes", "current", "resolved", "all");
            parameters.Accept("bestPractices");
            return new JsonObject { ["faults"] = new JsonArray() };
        });
    }

    /// <summary>Supported versions up to the newest, in order.</summary>
    public static IEnumerable<string> SupportedVersions(SolidFireOptions options) => Versions.TakeWhile(version => version != options.ApiVersion).Append(options.ApiVersion);

    private JsonObject GetApi() => new()
    {
        [cluster.Options.ApiVersion] = Json.Array(table.Names),
        ["currentVersion"] = cluster.Options.ApiVersion,
        ["supportedVersions"] = Json.Array(SupportedVersions(cluster.Options)),
    };

    private JsonObject GetClusterInfo() => new()
    {
        ["clusterInfo"] = new JsonObject
        {
            ["attributes"] = new JsonObject(),
            ["defaultProtectionScheme"] = "doubleHelix",
            ["enabledProtectionSchemes"] = Json.Array(["doubleHelix"]),
            ["encryptionAtRestState"] = "disabled",
            ["ensemble"] = Json.Array(["10.117.3.11", "10.117.3.12", "10.117.3.13"]),
            ["mvip"] = cluster.Options.Mvip,
            ["mvipInterface"] = "Bond1G",
            ["mvipNodeID"] = 1,
            ["mvipVlanTag"] = "0",
            ["name"] = cluster.Options.ClusterName,
            ["repCount"] = 2,
            ["softwareEncryptionAtRestState"] = "disabled",
            ["supportedProtectionSchemes"] = Json.Array(["doubleHelix"]),
            ["svip"] = cluster.Options.Svip,
            ["svipInterface"] = "Bond10G",
            ["svipNodeID"] = 1,
            ["svipVlanTag"] = "0",
            ["uniqueID"] = cluster.Options.UniqueId,
            ["uuid"] = cluster.Options.Uuid.ToString(),
        },
    };

    private JsonObject GetClusterVersionInfo()
    {
        var version = $"{cluster.Options.ApiVersion}.0.897";
        return new JsonObject
        {
            ["clusterAPIVersion"] = cluster.Options.ApiVersion,
            ["clusterVersion"] = version,
            ["clusterVersionInfo"] = Json.Array(Enumerable.Range(1, cluster.Options.Nodes).Select(node => new JsonObject
            {
                ["nodeID"] = node,
                ["nodeInternalRevision"] = "BuildType=Release Element=" + version,
                ["nodeVersion"] = version,
            })),
            ["softwareVersionInfo"] = new JsonObject
            {
                ["currentVersion"] = version,
                ["nodeID"] = 0,
                ["packageName"] = "",
                ["pendingVersion"] = version,
                ["startTime"] = "",
            },
        };
    }

    private JsonObject GetClusterCapacity()
    {
        // nonZero + zero blocks = provisioned space, as on recorded clusters; without compression unique = non-zero.
        var provisioned = cluster.ProvisionedSpace;
        var used = Math.Min(provisioned, cluster.Store.AllocatedBlocks * cluster.Store.BlockSize);
        return new JsonObject
        {
            ["clusterCapacity"] = new JsonObject
            {
                ["activeBlockSpace"] = used,
                ["activeSessions"] = cluster.Sessions.Count,
                ["averageIOPS"] = 0,
                ["clusterRecentIOSize"] = 0,
                ["currentIOPS"] = 0,
                ["maxIOPS"] = 200000,
                ["maxOverProvisionableSpace"] = cluster.Options.ProvisionableSpace * 5,
                ["maxProvisionedSpace"] = cluster.Options.ProvisionableSpace,
                ["maxUsedMetadataSpace"] = cluster.Options.ProvisionableSpace / 50,
                ["maxUsedSpace"] = cluster.Options.ProvisionableSpace,
                ["nonZeroBlocks"] = used / 4096,
                ["peakActiveSessions"] = cluster.Sessions.Count,
                ["peakIOPS"] = 0,
                ["provisionedSpace"] = provisioned,
                ["snapshotNonZeroBlocks"] = 0,
                ["timestamp"] = Json.Time(cluster.Now),
                ["totalOps"] = 0,
                ["uniqueBlocks"] = used / 4096,
                ["uniqueBlocksUsedSpace"] = used,
                ["usedMetadataSpace"] = used / 100,
                ["usedMetadataSpaceInSnapshots"] = 0,
                ["usedSpace"] = used,
                ["zeroBlocks"] = (provisioned / 4096) - (used / 4096),
            },
        };
    }

    private JsonObject GetLimits()
    {
        var limits = cluster.Options.Limits;
        return new JsonObject
        {
            ["accountNameLengthMax"] = 64,
            ["accountNameLengthMin"] = 1,
            ["bulkVolumeJobsPerNodeMax"] = 8,
            ["bulkVolumeJobsPerVolumeMax"] = 2,
            ["cloneJobsPerNodeMax"] = limits.CloneJobsPerNode,
            ["cloneJobsPerVolumeMax"] = limits.CloneJobsPerVolume,
            ["initiatorsPerVolumeAccessGroupCountMax"] = limits.InitiatorsPerAccessGroup,
            ["qosPolicyCountMax"] = 500,
            ["scheduleNameLengthMax"] = 244,
            ["secretLengthMax"] = 16,
            ["secretLengthMin"] = 12,
            ["snapMirrorLabelLengthMax"] = 31,
            ["snapshotNameLengthMax"] = limits.SnapshotNameLength,
            ["snapshotsPerVolumeMax"] = limits.SnapshotsPerVolume,
            ["volumeAccessGroupsPerInitiatorCountMax"] = 1,
            ["volumeAccessGroupsPerVolumeCountMax"] = limits.AccessGroupsPerVolume,
            ["volumeBurstIOPSMax"] = 200000,
            ["volumeBurstIOPSMin"] = 100,
            ["volumeCountMax"] = limits.Volumes,
            ["volumeMaxIOPSMax"] = 200000,
            ["volumeMaxIOPSMin"] = 100,
            ["volumeMinIOPSMax"] = 15000,
            ["volumeMinIOPSMin"] = 50,
            ["volumeNameLengthMax"] = 64,
            ["volumeNameLengthMin"] = 1,
            ["volumeSizeMax"] = limits.VolumeSizeMaximum,
            ["volumeSizeMin"] = limits.VolumeSizeMinimum,
            ["volumesPerAccountCountMax"] = limits.VolumesPerAccount,
            ["volumesPerGroupSnapshotMax"] = limits.VolumesPerGroupSnapshot,
            ["volumesPerVolumeAccessGroupCountMax"] = limits.VolumesPerAccessGroup,
        };
    }

    private JsonObject ListEvents(CallParameters parameters)
    {
        var first = parameters.Integer("startEventID") ?? 0;
        var last = parameters.Integer("endEventID") ?? long.MaxValue;
        var most = parameters.Identifier("maxEvents") ?? int.MaxValue;
        var type = parameters.Text("eventType");
        parameters.Accept("startPublishTime", "endPublishTime", "startReportTime", "endReportTime", "nodeID", "driveID", "serviceID");
        var chosen = cluster.Events
            .Where(entry => (long)entry["eventID"]! >= first && (long)entry["eventID"]! <= last)
            .Where(entry => type is null || (string?)entry["eventInfoType"] == type)
            .Reverse()
            .Take((int)Math.Min(most, int.MaxValue))
            .Select(entry => (JsonObject)entry.DeepClone());
        return new JsonObject { ["eventQueueType"] = "", ["events"] = Json.Array(chosen) };
    }
}
