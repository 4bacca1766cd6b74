using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Tests.Unit.Clients;

/// <summary>
/// What every call sends, held against a file that was checked against the parameters of the vendor's reference by hand. UPDATE_GOLDEN=1 rewrites it.
/// </summary>
public sealed class SolidFireGoldenTests
{
    private static readonly JsonObject s_marks = new() { ["key"] = "value" };
    private static readonly DateTimeOffset s_time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public async Task Every_call_sends_what_the_reference_takes()
    {
        var sent = new StringBuilder();
        foreach (var (name, call) in Calls())
        {
            var rig = new SolidFireRig();
            for (var i = 0; i < 4; i++) rig.Result("{}");
            // Few answers are empty; what was sent before that showed is what counts.
            _ = await Record.ExceptionAsync(() => call(rig.Client));
            foreach (var request in rig.Handler.Sent)
            {
                var body = JsonNode.Parse(request.Body)!.AsObject();
                body.Remove("id");
                sent.Append(name).Append(" -> ").Append(body.ToJsonString()).Append('\n');
            }
        }

        var file = Path.Combine(Path.GetDirectoryName(Here())!, "golden", "solidfire-requests.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") await File.WriteAllTextAsync(file, sent.ToString());
        Assert.Equal(await File.ReadAllTextAsync(file), sent.ToString());
    }

    /// <summary>No call can be forgotten here: all that the client has are told by their names.</summary>
    [Fact]
    public void Every_call_is_among_them()
    {
        var told = Calls().Select(call => call.Name).ToHashSet(StringComparer.Ordinal);
        var has = typeof(SolidFireClient).GetMethods().Where(method => method.DeclaringType == typeof(SolidFireClient) && method.Name.EndsWith("Async", StringComparison.Ordinal))
            .Select(method => method.Name[..^"Async".Length]);
        Assert.Empty(has.Where(name => !told.Contains(name)).Distinct());
    }

    private static IEnumerable<(string Name, Func<SolidFireClient, Task> Call)> Calls()
    {
        yield return ("Check", client => client.CheckAsync(default));
        yield return ("GetClusterInfo", client => client.GetClusterInfoAsync(default));
        yield return ("GetApi", client => client.GetApiAsync(default));
        yield return ("GetClusterVersion", client => client.GetClusterVersionAsync(default));
        yield return ("GetLimits", client => client.GetLimitsAsync(default));
        yield return ("GetClusterCapacity", client => client.GetClusterCapacityAsync(default));
        yield return ("GetClusterFullThreshold", client => client.GetClusterFullThresholdAsync(default));
        yield return ("ListEvents", client => client.ListEventsAsync(7, "cloneEvent", 50, default));
        yield return ("ListClusterFaults", client => client.ListClusterFaultsAsync(resolvedToo: true, default));
        yield return ("FindCurrentAdmin", client => client.FindCurrentAdminAsync(default));
        yield return ("GetVolumeStats", client => client.GetVolumeStatsAsync(7, default));
        yield return ("ListIscsiSessions", client => client.ListIscsiSessionsAsync(7, default));
        yield return ("ListAccounts", client => client.ListAccountsAsync(default));
        yield return ("GetAccount", client => client.GetAccountAsync(3, default));
        yield return ("FindAccount", client => client.FindAccountAsync("tenant", default));
        yield return ("AddAccount", client => client.AddAccountAsync("tenant", s_marks, default));
        yield return ("ModifyAccount", client => client.ModifyAccountAsync(3, new() { Username = "other", Status = "locked", EnableChap = false, InitiatorSecret = new("initiator-123"), TargetSecret = new("target-1234567"), Attributes = s_marks }, default));
        yield return ("RemoveAccount", client => client.RemoveAccountAsync(3, default));
        yield return ("ListVolumes", client => client.ListVolumesAsync(new() { AccountIds = [3], Name = "data", Status = Volume.ActiveStatus }, default));
        yield return ("FindVolume", client => client.FindVolumeAsync(7, default));
        yield return ("FindVolumeByAttribute", client => client.FindVolumeByAttributeAsync("key", "value", default));
        yield return ("ListDeletedVolumes", client => client.ListDeletedVolumesAsync(default));
        yield return ("CreateVolume", client => client.CreateVolumeAsync("data", 3, 1_000_000_000, true, s_marks, new VolumeQos { MinIops = 100, MaxIops = 1000, BurstIops = 2000 }, default));
        yield return ("ModifyVolume", client => client.ModifyVolumeAsync(7, new() { Attributes = s_marks, TotalBytes = 2_000_000_000, Access = "readOnly", Qos = new VolumeQos { MaxIops = 500 } }, default));
        yield return ("DeleteVolume", client => client.DeleteVolumeAsync(7, default));
        yield return ("PurgeDeletedVolume", client => client.PurgeDeletedVolumeAsync(7, default));
        yield return ("DeleteVolumes", client => client.DeleteVolumesAsync([7, 8], default));
        yield return ("PurgeDeletedVolumes", client => client.PurgeDeletedVolumesAsync([7, 8], default));
        yield return ("RestoreDeletedVolume", client => client.RestoreDeletedVolumeAsync(7, default));
        yield return ("CreateSnapshot", client => client.CreateSnapshotAsync(7, "s", TimeSpan.FromHours(36.5), s_marks, default));
        yield return ("FindOrCreateSnapshot", client => client.FindOrCreateSnapshotAsync(7, "s", null, "key", "value", [], default));
        yield return ("FindSnapshotByAttribute", client => client.FindSnapshotByAttributeAsync(7, "key", "value", default));
        yield return ("ListSnapshots", client => client.ListSnapshotsAsync(7, default));
        yield return ("ListAllSnapshots", client => client.ListAllSnapshotsAsync(default));
        yield return ("FindSnapshot", client => client.FindSnapshotAsync(7, 9, default));
        yield return ("ModifySnapshot", client => client.ModifySnapshotAsync(9, s_time, default));
        yield return ("DeleteSnapshot", client => client.DeleteSnapshotAsync(9, default));
        yield return ("RollbackToSnapshot", client => client.RollbackToSnapshotAsync(7, 9, "before", default));
        yield return ("CreateGroupSnapshot", client => client.CreateGroupSnapshotAsync([7, 8], "g", TimeSpan.FromHours(1), s_marks, default));
        yield return ("ListGroupSnapshots", client => client.ListGroupSnapshotsAsync(default));
        yield return ("ModifyGroupSnapshot", client => client.ModifyGroupSnapshotAsync(5, s_time, default));
        yield return ("DeleteGroupSnapshot", client => client.DeleteGroupSnapshotAsync(5, keepMembers: true, default));
        yield return ("RollbackToGroupSnapshot", client => client.RollbackToGroupSnapshotAsync(5, saveAs: null, default));
        yield return ("CloneVolume", client => client.CloneVolumeAsync(new() { VolumeId = 7, SnapshotId = 9, Name = "copy", Attributes = s_marks, NewAccountId = 3, Access = "readWrite" }, default));
        yield return ("CloneMultipleVolumes", client => client.CloneMultipleVolumesAsync([new() { VolumeId = 7, Name = "copy", Attributes = s_marks, NewAccountId = 3, Access = "readWrite" }], 5, default));
        yield return ("CopyVolume", client => client.CopyVolumeAsync(7, 8, 9, default));
        yield return ("CancelClone", client => client.CancelCloneAsync(4, default));
        yield return ("CancelGroupClone", client => client.CancelGroupCloneAsync(4, default));
        yield return ("GetAsyncResult", client => client.GetAsyncResultAsync(11, default));
        yield return ("ListAsyncResults", client => client.ListAsyncResultsAsync(default));
        yield return ("ListSyncJobs", client => client.ListSyncJobsAsync(default));
        yield return ("FindCloneStanding", client => client.FindCloneStandingAsync(new CloneStarted { VolumeId = 8, AsyncHandle = 11 }, default));
        yield return ("ListVolumeAccessGroups", client => client.ListVolumeAccessGroupsAsync(default));
        yield return ("CreateVolumeAccessGroup", client => client.CreateVolumeAccessGroupAsync("hosts", ["iqn.a"], [7], s_marks, default));
        yield return ("ModifyVolumeAccessGroup", client => client.ModifyVolumeAccessGroupAsync(2, "renamed", s_marks, default));
        yield return ("DeleteVolumeAccessGroup", client => client.DeleteVolumeAccessGroupAsync(2, forgetInitiators: false, default));
        yield return ("AddVolumesToVolumeAccessGroup", client => client.AddVolumesToVolumeAccessGroupAsync(2, [7, 8], default));
        yield return ("RemoveVolumesFromVolumeAccessGroup", client => client.RemoveVolumesFromVolumeAccessGroupAsync(2, [7], default));
        yield return ("AddInitiatorsToVolumeAccessGroup", client => client.AddInitiatorsToVolumeAccessGroupAsync(2, ["iqn.a", "iqn.b"], default));
        yield return ("RemoveInitiatorsFromVolumeAccessGroup", client => client.RemoveInitiatorsFromVolumeAccessGroupAsync(2, ["iqn.a"], forget: true, default));
        yield return ("ListInitiators", client => client.ListInitiatorsAsync(default));
        yield return ("CreateInitiator", client => client.CreateInitiatorAsync("iqn.a", "a", 2, s_marks, default));
        yield return ("ModifyInitiator", client => client.ModifyInitiatorAsync(6, "b", 2, s_marks, default));
        yield return ("DeleteInitiator", client => client.DeleteInitiatorAsync(6, default));
        yield return ("CreateSchedule", client => client.CreateScheduleAsync(new() { Name = "nightly", VolumeIds = [7], SnapshotName = "auto", Retention = TimeSpan.FromHours(36), Frequency = new ScheduleFrequency.Weekly([DayOfWeek.Sunday], new TimeOnly(3, 30)) }, default));
        yield return ("ListSchedules", client => client.ListSchedulesAsync(default));
        yield return ("PauseSchedule", client => client.PauseScheduleAsync(1, paused: true, default));
        yield return ("DeleteSchedule", client => client.DeleteScheduleAsync(1, default));
        yield return ("GetDefaultQos", client => client.GetDefaultQosAsync(default));
        yield return ("ListQosPolicies", client => client.ListQosPoliciesAsync(default));
        yield return ("CreateQosPolicy", client => client.CreateQosPolicyAsync("gold", new VolumeQos { MinIops = 100, MaxIops = 1000, BurstIops = 2000 }, default));
        yield return ("ModifyQosPolicy", client => client.ModifyQosPolicyAsync(1, "silver", new VolumeQos { MaxIops = 500 }, default));
        yield return ("DeleteQosPolicy", client => client.DeleteQosPolicyAsync(1, default));
        yield return ("StartBulkVolumeRead", client => client.StartBulkVolumeReadAsync(new() { VolumeId = 7, SnapshotId = 9, Script = BulkVolumeRequest.BuiltInScript, ScriptParameters = new JsonObject { ["range"] = new JsonObject { ["lba"] = 0, ["blocks"] = 244224 } }, Attributes = s_marks }, default));
        yield return ("StartBulkVolumeWrite", client => client.StartBulkVolumeWriteAsync(new() { VolumeId = 7, Native = false }, default));
        yield return ("ListBulkVolumeJobs", client => client.ListBulkVolumeJobsAsync(default));
        yield return ("UpdateBulkVolumeStatus", client => client.UpdateBulkVolumeStatusAsync("0123", "running", 12.5, "on its way", default));
    }

    private static string Here([CallerFilePath] string here = "") => here;
}
