using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>Nodes, drives and services: a picture that does not move. Nothing fails and nothing is added.</summary>
internal sealed class HardwareCalls(Cluster cluster)
{
    private const int DrivesPerNode = 4;
    private const long DriveBytes = 960_197_124_096;

    public void Register(CallTable table)
    {
        table.Read("ListActiveNodes", _ => new JsonObject { ["nodes"] = Json.Array(Nodes()) });
        table.Read("ListAllNodes", _ => new JsonObject { ["nodes"] = Json.Array(Nodes()), ["pendingActiveNodes"] = new JsonArray(), ["pendingNodes"] = new JsonArray() });
        table.Read("ListPendingNodes", _ => new JsonObject { ["pendingNodes"] = new JsonArray() });
        table.Read("ListPendingActiveNodes", _ => new JsonObject { ["pendingActiveNodes"] = new JsonArray() }, since: "9.0");
        table.Read("ListDrives", _ => new JsonObject { ["drives"] = Json.Array(Drives()) });
        table.Read("ListServices", _ => new JsonObject { ["services"] = Json.Array(Services()) });
        table.Read("GetClusterMasterNodeID", _ => new JsonObject { ["nodeID"] = 1 });
        table.Read("GetClusterHardwareInfo", parameters =>
        {
            parameters.Accept("type");
            return new JsonObject { ["clusterHardwareInfo"] = new JsonObject { ["drives"] = ByKey(Drives(), "driveID"), ["nodes"] = ByKey(Nodes(), "nodeID") } };
        });
        table.Read("GetClusterState", parameters =>
        {
            parameters.Accept("force");
            return new JsonObject { ["cluster"] = cluster.Options.ClusterName, ["state"] = "Active" };
        }, since: "5.0");
        foreach (var (method, member, since) in (ReadOnlySpan<(string, string, string)>)[
            ("ListVirtualNetworks", "virtualNetworks", "7.0"), ("ListClusterPairs", "clusterPairs", "6.0"), ("ListActivePairedVolumes", "volumes", "6.0"),
            ("ListBackupTargets", "backupTargets", "6.0"), ("ListFibreChannelSessions", "sessions", "7.0"), ("ListVirtualVolumes", "virtualVolumes", "9.0"),
            ("ListStorageContainers", "storageContainers", "9.0"), ("ListProtocolEndpoints", "protocolEndpoints", "9.0"),
            ("ListSnapMirrorEndpoints", "snapMirrorEndpoints", "10.1"), ("ListSnapMirrorRelationships", "snapMirrorRelationships", "10.1")])
        {
            table.Read(method, parameters =>
            {
                parameters.Accept("virtualNetworkID", "virtualNetworkTag", "virtualNetworkIDs", "virtualNetworkTags", "startVolumeID", "limit", "details", "recursive",
                    "virtualVolumeIDs", "startVirtualVolumeID", "storageContainerIDs", "protocolEndpointIDs", "snapMirrorEndpointIDs", "snapMirrorEndpointID");
                return new JsonObject { [member] = new JsonArray() };
            }, since);
        }

        table.Read("GetVirtualVolumeCount", _ => new JsonObject { ["count"] = 0 }, since: "9.0");
        table.Read("GetFeatureStatus", _ => new JsonObject
        {
            ["features"] = Json.Array(((string[])["VVOLs", "SnapMirror", "FipsDrives", "MultiTenancyMgmtEnabled"]).Select(feature => new JsonObject { ["enabled"] = false, ["feature"] = feature })),
        }, since: "9.0");
        table.Read("GetLoginBanner", _ => new JsonObject { ["loginBanner"] = new JsonObject { ["banner"] = "", ["enabled"] = false } }, since: "10.0");
        table.Read("GetNtpInfo", _ => new JsonObject { ["broadcastclient"] = false, ["servers"] = Json.Array(["10.117.1.1"]) });
    }

    private IEnumerable<JsonObject> Nodes() => Enumerable.Range(1, cluster.Options.Nodes).Select(node => new JsonObject
    {
        ["associatedFServiceID"] = 0,
        ["associatedMasterServiceID"] = node,
        ["attributes"] = new JsonObject(),
        ["chassisName"] = $"chassis-{node}",
        ["cip"] = $"10.117.3.{10 + node}",
        ["cipi"] = "Bond10G",
        ["customProtectionDomainName"] = "",
        ["fibreChannelTargetPortGroup"] = null,
        ["maintenanceMode"] = "Disabled",
        ["mip"] = $"10.117.1.{10 + node}",
        ["mipi"] = "Bond1G",
        ["name"] = $"{cluster.Options.ClusterName}-{node}",
        ["nodeID"] = node,
        ["nodeSlot"] = "",
        ["platformInfo"] = new JsonObject
        {
            ["chassisType"] = "R620", ["containerized"] = false, ["cpuModel"] = "Simulated", ["nodeMemoryGB"] = 72, ["nodeType"] = "SF3010", ["platformConfigVersion"] = "12.0",
        },
        ["role"] = "Storage",
        ["sip"] = $"10.117.2.{10 + node}",
        ["sipi"] = "Bond10G",
        ["softwareVersion"] = ClusterCalls.SoftwareVersion(cluster.Options),
        ["uuid"] = $"4C4C4544-0042-4210-804E-{node:X12}",
        ["virtualNetworks"] = new JsonArray(),
    });

    private IEnumerable<JsonObject> Drives() =>
        from node in Enumerable.Range(1, cluster.Options.Nodes)
        from slot in Enumerable.Range(0, DrivesPerNode)
        let id = ((node - 1) * DrivesPerNode) + slot + 1
        select new JsonObject
        {
            ["assignedService"] = 20 + id,
            ["asyncResultIDs"] = new JsonArray(),
            ["attributes"] = new JsonObject(),
            ["capacity"] = DriveBytes,
            ["chassisSlot"] = $"{slot}",
            ["driveFailureDetail"] = "None",
            ["driveID"] = id,
            ["driveSecurityFaultReason"] = "None",
            ["keyID"] = Guid.Empty.ToString(),
            ["keyProviderID"] = null,
            ["nodeID"] = node,
            ["segmentFileSize"] = 0,
            ["serial"] = $"SIM{id:D8}",
            ["slot"] = slot,
            ["smartSsdWriteCapable"] = false,
            ["status"] = "active",
            ["type"] = slot == 0 ? "volume" : "block",
            ["usableCapacity"] = DriveBytes,
        };

    private IEnumerable<JsonObject> Services()
    {
        var nodes = Nodes().ToList();
        return Drives().Select(drive => new JsonObject
        {
            ["drive"] = drive,
            ["drives"] = Json.Array([(JsonObject)drive.DeepClone()]),
            ["node"] = nodes[(int)drive["nodeID"]! - 1].DeepClone(),
            ["service"] = new JsonObject
            {
                ["associatedBV"] = 0, ["associatedTS"] = 0, ["associatedVS"] = 0, ["asyncResultIDs"] = new JsonArray(), ["driveID"] = (int)drive["driveID"]!,
                ["driveIDs"] = new JsonArray((int)drive["driveID"]!), ["firstTimeStartup"] = true, ["ipcPort"] = 4000 + (int)drive["driveID"]!, ["iscsiPort"] = 0,
                ["nodeID"] = (int)drive["nodeID"]!, ["serviceID"] = (int)drive["assignedService"]!,
                ["serviceType"] = (string)drive["type"]! == "volume" ? "slice" : "block", ["startedDriveIDs"] = new JsonArray(), ["status"] = "healthy",
            },
        });
    }

    private static JsonObject ByKey(IEnumerable<JsonObject> objects, string key) =>
        new(objects.Select(entry => KeyValuePair.Create(entry[key]!.ToString(), (JsonNode?)entry)));
}
