using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>What the cluster says of itself.</summary>
internal sealed class ClusterCalls(Cluster cluster, CallTable table)
{
    public void Register()
    {
        table.Read("GetAPI", GetApi);
        table.Read("GetClusterInfo", _ => GetClusterInfo());
        table.Read("GetClusterVersionInfo", _ => GetClusterVersionInfo());
        table.Read("GetLimits", _ => GetLimits());
    }

    public static string SoftwareVersion(SolidFireOptions options) => $"{options.ApiVersion}.0.897";

    /// <summary>The list of methods stands under the version that was asked; clusters before 8.0 list no versions.</summary>
    private JsonObject GetApi(CallParameters parameters)
    {
        var current = cluster.Options.ApiVersion;
        var asked = parameters.Version == ApiVersion.Newest ? ApiVersion.Parse(current) : parameters.Version;
        var api = new JsonObject
        {
            [$"{asked.Major}.{asked.Minor}"] = Json.Array(table.NamesOf(asked)),
            ["currentVersion"] = current,
        };
        if (!(ApiVersion.Parse(current) < new ApiVersion(8, 0)))
        {
            api["supportedVersions"] = Json.Array(ApiVersion.UpTo(current));
        }

        return api;
    }

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
            ["volumeLoadBalanceOnActualIopsState"] = "disabled",
            ["uniqueID"] = cluster.Options.UniqueId,
            ["uuid"] = cluster.Options.Uuid.ToString(),
        },
    };

    private JsonObject GetClusterVersionInfo()
    {
        var version = SoftwareVersion(cluster.Options);
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

    private JsonObject GetLimits()
    {
        var limits = cluster.Options.Limits;
        return new JsonObject
        {
            ["accountCountMax"] = 5000,
            ["accountNameLengthMax"] = 64,
            ["accountNameLengthMin"] = 1,
            ["backupTargetNameLengthMax"] = 64,
            ["backupTargetNameLengthMin"] = 1,
            ["bulkVolumeJobsPerNodeMax"] = limits.BulkJobsPerNode,
            ["bulkVolumeJobsPerVolumeMax"] = limits.BulkJobsPerVolume,
            ["chapCredentialsCountMax"] = 15000,
            ["cloneJobsPerNodeMax"] = limits.CloneJobsPerNode,
            ["cloneJobsPerVirtualVolumeMax"] = 8,
            ["cloneJobsPerVolumeMax"] = limits.CloneJobsPerVolume,
            ["clusterAdminAccountMax"] = 5000,
            ["clusterAdminInfoNameLengthMax"] = 1024,
            ["clusterAdminInfoNameLengthMin"] = 1,
            ["clusterPairsCountMax"] = 4,
            ["fibreChannelVolumeAccessMax"] = 16384,
            ["initiatorAliasLengthMax"] = 224,
            ["initiatorCountMax"] = 10000,
            ["initiatorNameLengthMax"] = 224,
            ["initiatorsPerVolumeAccessGroupCountMax"] = limits.InitiatorsPerAccessGroup,
            ["iscsiSessionsFromFibreChannelNodesMax"] = 4096,
            ["maxAuthSessionsForCluster"] = 1024,
            ["maxAuthSessionsPerUser"] = 1024,
            ["nodesPerClusterCountMax"] = 100,
            ["nodesPerClusterCountMin"] = 3,
            ["qosPolicyCountMax"] = 500,
            ["qosPolicyNameLengthMax"] = 64,
            ["qosPolicyNameLengthMin"] = 1,
            ["scheduleNameLengthMax"] = 244,
            ["secretLengthMax"] = 16,
            ["secretLengthMin"] = 12,
            ["snapMirrorEndpointIPAddressesCountMax"] = 64,
            ["snapMirrorEndpointsCountMax"] = 4,
            ["snapMirrorLabelLengthMax"] = 31,
            ["snapMirrorObjectAttributeValueInfoCountMax"] = 9900000,
            ["snapshotNameLengthMax"] = limits.SnapshotNameLength,
            ["snapshotsPerVolumeMax"] = limits.SnapshotsPerVolume,
            ["storageNodesPerClusterCountMin"] = 2,
            ["virtualVolumeCountMax"] = 8000,
            ["virtualVolumesPerAccountCountMax"] = 10000,
            ["volumeAccessGroupCountMax"] = limits.AccessGroups,
            ["volumeAccessGroupLunMax"] = 16383,
            ["volumeAccessGroupNameLengthMax"] = 64,
            ["volumeAccessGroupNameLengthMin"] = 1,
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
            ["witnessNodesPerClusterCountMax"] = 4,
        };
    }
}
