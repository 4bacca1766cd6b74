using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.SolidFire;

/// <summary>
/// Answers held against the response examples of the vendor's reference (NetAppDocs/element-software, api/), of which golden/shapes.json keeps
/// names and kinds (remoteStatuses of replicated snapshots apart): what stands in an example stands in our answer, and is of its kind. More may stand
/// in ours.
/// </summary>
public sealed class GoldenTests : IDisposable
{
    // Where the reference's own example is not what its text, its other examples or recorded answers say.
    private static readonly string[] Differs =
    [
        // Members of editions and years that the examples mix: FIPS and KMIP states of nodes, NTP of other releases.
        "GetFeatureStatus", "GetNtpInfo",
    ];

    private readonly Array array = new(new() { CloneTime = TimeSpan.FromSeconds(10), ApiVersion = "12.8" });
    private readonly JsonObject shapes = (JsonObject)JsonNode.Parse(typeof(GoldenTests).Assembly.GetManifestResourceStream("solidfire-shapes.json")!)!;
    private readonly HashSet<string> seen = [];

    public void Dispose() => array.Dispose();

    [Fact]
    public async Task Answers_have_what_the_reference_s_examples_have()
    {
        foreach (var method in (string[])["GetAPI", "GetClusterCapacity", "GetClusterFullThreshold", "GetClusterInfo", "GetClusterStats", "GetClusterVersionInfo", "GetDefaultQoS", "GetLimits", "GetLoginBanner", "GetVirtualVolumeCount", "GetVolumeCount", "ListAllNodes", "ListClusterAdmins", "ListPendingNodes"])
        {
            await Check(method);
        }

        var account = (long)(await Check("AddAccount", new() { ["username"] = "golden" }))["accountID"]!;
        JsonObject Volume(string name) => new() { ["name"] = name, ["accountID"] = account, ["totalSize"] = 1_000_000_000, ["enable512e"] = true };
        var (first, second) = ((long)(await Check("CreateVolume", Volume("one")))["volumeID"]!, (long)(await Check("CreateVolume", Volume("two")))["volumeID"]!);
        await Check("AddClusterAdmin", new() { ["username"] = "ops", ["password"] = "p", ["access"] = new JsonArray("read"), ["acceptEula"] = true });
        await Check("ModifyVolume", Id("volumeID", first));
        await CheckAll(["ListVolumes", "ListAccounts", "ListVolumeStats", "ListVolumeStatsByVolume", "ListVolumeStatsByAccount", "ListVolumeQoSHistograms"]);
        await Check("ListVolumesForAccount", Id("accountID", account));
        await Check("GetAccountEfficiency", Id("accountID", account));
        await Check("GetVolumeEfficiency", Id("volumeID", first));
        await Check("GetNodeStats", Id("nodeID", 1));

        var policy = (long)(await Check("CreateQoSPolicy", new() { ["name"] = "gold", ["qos"] = new JsonObject { ["minIOPS"] = 100 } }))["qosPolicy"]!["qosPolicyID"]!;
        await CheckAll(["ListQoSPolicies"]);
        foreach (var method in (string[])["GetQoSPolicy", "ModifyQoSPolicy", "DeleteQoSPolicy"]) await Check(method, Id("qosPolicyID", policy));

        var group = (long)(await Check("CreateVolumeAccessGroup", new() { ["name"] = "g", ["initiators"] = new JsonArray("iqn.2026-01.test:a"), ["volumes"] = new JsonArray(first) }))["volumeAccessGroupID"]!;
        JsonObject InGroup(string name, params JsonNode[] values) => new() { ["volumeAccessGroupID"] = group, [name] = new JsonArray(values) };
        await Check("AddVolumesToVolumeAccessGroup", InGroup("volumes", second));
        await Check("AddInitiatorsToVolumeAccessGroup", InGroup("initiators", "iqn.2026-01.test:b"));
        foreach (var method in (string[])["GetVolumeAccessGroupLunAssignments", "GetVolumeAccessGroupEfficiency", "ModifyVolumeAccessGroup"]) await Check(method, Id("volumeAccessGroupID", group));
        await Check("ModifyVolumeAccessGroupLunAssignments", InGroup("lunAssignments", new JsonObject { ["volumeID"] = first, ["lun"] = 5 }));
        await CheckAll(["ListVolumeAccessGroups", "ListVolumeStatsByVolumeAccessGroup", "ListInitiators"]);
        await Check("RemoveInitiatorsFromVolumeAccessGroup", InGroup("initiators", "iqn.2026-01.test:b"));
        await Check("RemoveVolumesFromVolumeAccessGroup", InGroup("volumes", second));
        var initiator = (long)(await Check("CreateInitiators", new() { ["initiators"] = new JsonArray(new JsonObject { ["name"] = "iqn.2026-01.test:c", ["alias"] = "c" }) }))["initiators"]![0]!["initiatorID"]!;
        await Check("ModifyInitiators", new() { ["initiators"] = new JsonArray(new JsonObject { ["initiatorID"] = initiator, ["alias"] = "d" }) });
        await Check("DeleteInitiators", new() { ["initiators"] = new JsonArray(initiator) });
        await Check("DeleteVolumeAccessGroup", Id("volumeAccessGroupID", group));

        var snapshot = (long)(await Check("CreateSnapshot", Id("volumeID", first)))["snapshotID"]!;
        await CheckAll(["ListSnapshots"]);
        await Check("ModifySnapshot", Id("snapshotID", snapshot));
        await Check("RollbackToSnapshot", new() { ["volumeID"] = first, ["snapshotID"] = snapshot, ["saveCurrentState"] = true });
        var snapshots = (long)(await Check("CreateGroupSnapshot", new() { ["volumes"] = new JsonArray(first, second) }))["groupSnapshotID"]!;
        await Check("ModifyGroupSnapshot", Id("groupSnapshotID", snapshots));
        await Check("RollbackToGroupSnapshot", new() { ["groupSnapshotID"] = snapshots, ["saveCurrentState"] = true });
        await Check("DeleteSnapshot", Id("snapshotID", snapshot));
        await Check("DeleteGroupSnapshot", new() { ["groupSnapshotID"] = snapshots, ["saveMembers"] = false });

        var schedule = (long)(await Check("CreateSchedule", new() { ["scheduleName"] = "s", ["scheduleType"] = "snapshot", ["attributes"] = new JsonObject { ["frequency"] = "Days Of Week" }, ["weekdays"] = new JsonArray(new JsonObject { ["day"] = 1, ["offset"] = 1 }), ["scheduleInfo"] = new JsonObject { ["volumeID"] = first, ["name"] = "n", ["retention"] = "00:02:00" } }))["scheduleID"]!;
        await CheckAll(["ListSchedules"]);
        await Check("GetSchedule", Id("scheduleID", schedule));
        await Check("ModifySchedule", new() { ["scheduleID"] = schedule, ["scheduleType"] = "snapshot" });

        var clone = await Check("CloneVolume", new() { ["volumeID"] = first, ["name"] = "c" });
        await CheckAll(["ListSyncJobs"]);
        await Check("CancelClone", Id("cloneID", (long)clone["cloneID"]!));
        var clones = await Check("CloneMultipleVolumes", new() { ["volumes"] = new JsonArray(new JsonObject { ["volumeID"] = first }) });
        await Check("CancelGroupClone", Id("groupCloneID", (long)clones["groupCloneID"]!));
        await Check("CopyVolume", new() { ["volumeID"] = first, ["dstVolumeID"] = second });
        var bulk = await Check("StartBulkVolumeRead", new() { ["volumeID"] = first, ["format"] = "native", ["script"] = "bv_internal.py" });
        array.Clock.Advance(TimeSpan.FromSeconds(5));
        await CheckAll(["ListBulkVolumeJobs"]);
        await Check("UpdateBulkVolumeStatus", new() { ["key"] = (string)bulk["key"]!, ["status"] = "running", ["percentComplete"] = 6 });
        await Check("StartBulkVolumeWrite", new() { ["volumeID"] = first, ["format"] = "native" });

        array.Simulator.SetFault("driveAvailable", "warning", "drive", "Node ID 1 has 6 available drive(s).", resolved: false);
        await CheckAll(["ListClusterFaults", "ListEvents", "ClearClusterFaults"]);
        await Check("DeleteVolume", Id("volumeID", first));
        await CheckAll(["ListDeletedVolumes"]);
        await Check("RestoreDeletedVolume", Id("volumeID", first));
        await array.Call("DeleteVolume", Id("volumeID", first));
        await Check("PurgeDeletedVolume", Id("volumeID", first));
        await array.Call("DeleteVolume", Id("volumeID", second));
        await Check("PurgeDeletedVolumes", new() { ["volumeIDs"] = new JsonArray(second) });
        await Check("RemoveAccount", Id("accountID", account));
        Assert.Empty(shapes.Select(shape => shape.Key).Except(seen).Except(Differs));
    }

    private static JsonObject Id(string name, long value) => new() { [name] = value };

    private async Task CheckAll(string[] methods)
    {
        foreach (var method in methods) await Check(method);
    }

    private async Task<JsonObject> Check(string method, JsonObject? parameters = null)
    {
        var answer = await array.Post(method, parameters, "/json-rpc/12.8");
        Assert.True(answer["error"] is null, $"{method}: {answer.ToJsonString()}");
        var missing = new List<string>();
        Compare(shapes[method], answer["result"], method, missing);
        Assert.True(missing.Count == 0, string.Join('\n', missing));
        seen.Add(method);
        return (JsonObject)answer["result"]!;
    }

    private static void Compare(JsonNode? shape, JsonNode? value, string place, List<string> missing)
    {
        switch (shape)
        {
            case JsonObject members when value is JsonObject actual:
                foreach (var (name, inner) in members.Where(member => !IsVersion(member.Key)))
                {
                    if (actual.ContainsKey(name)) Compare(inner, actual[name], $"{place}.{name}", missing);
                    else missing.Add($"{place}.{name} is missing");
                }

                break;
            case JsonArray { Count: 1 } elements when value is JsonArray actual:
                if (actual.Count > 0 && elements[0] is JsonObject) Compare(elements[0], actual[0], $"{place}[]", missing);
                break;
            case JsonValue kind when value is null || (string)kind! is "any" || Kind(value) == (string)kind!:
                break;
            default:
                if (value is not null) missing.Add($"{place} is {Kind(value)}, not {shape?.ToJsonString()}");
                break;
        }
    }

    /// <summary>GetAPI lists the methods under the version's own name.</summary>
    private static bool IsVersion(string name) => char.IsAsciiDigit(name[0]);

    private static string Kind(JsonNode value) => value.GetValueKind() switch
    {
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => "number",
        JsonValueKind.String => "string",
        JsonValueKind.Object => "object",
        _ => "array",
    };
}
