using System.Net;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Program;

/// <summary>What the control address does to the appliances: time, jobs, restarts, leaks, cluster faults, events.</summary>
public sealed class AppliancesControlTests(ProgramWorld world) : IClassFixture<ProgramWorld>
{
    [Fact]
    public async Task What_bears_a_prefix_is_found_wherever_it_is()
    {
        var volume = (long)(await world.NewVolumeAsync())["solidFireVolumeId"]!;
        Assert.Empty((await world.GetAsync("/leaks?prefix=swf-leak-")).AsArray());
        await world.ArrayAsync("CreateSnapshot", new { volumeID = volume, name = "swf-leak-1" });
        await world.ArrayAsync("ModifyVolume", new { volumeID = volume, attributes = new { mark = "swf-leak-2" } });
        await world.ArrayAsync("AddAccount", new { username = "swf-leak-3" });
        await world.ArrayAsync("CreateInitiators", new { initiators = new[] { new { name = "iqn.2026-01.test:leak", alias = "swf-leak-4" } } });
        await world.ArrayAsync("CreateSchedule", new { scheduleName = "swf-leak-5", scheduleType = "snapshot", attributes = new { frequency = "Time Interval" }, hours = 1, paused = true, scheduleInfo = new { volumeID = volume } });
        var other = (long)(await world.NewVolumeAsync())["solidFireVolumeId"]!;
        await world.ArrayAsync("CreateGroupSnapshot", new { volumes = new[] { volume, other }, name = "swf-leak-6" });
        var pool = world.Endpoints.Xenserver[0];
        async Task<JsonNode> PoolAsync(string method, params object[] arguments) =>
            (await ProgramWorld.CallAsync(pool.Endpoint + "/jsonrpc", pool.CertificateSha256, new { jsonrpc = "2.0", method, @params = arguments, id = 1 }))["result"]!;
        var session = (string)(await PoolAsync("session.login_with_password", pool.Username, pool.Password, "1.0", "test"))!;
        var made = (string)(await PoolAsync("VM.create", session, new { name_label = "plain" }))!;
        await PoolAsync("VM.add_to_other_config", session, made, "swf-leak-7", "paused");
        await File.WriteAllTextAsync(Path.Combine(world.Endpoints.Nfs.Path, "swf-leak-8.vhd"), "x");
        var found = (await world.GetAsync("/leaks?prefix=swf-leak-")).AsArray();
        Assert.Equal(
            ["inventory.pools.vms", "inventory.solidfire.accounts", "inventory.solidfire.groupSnapshots", "inventory.solidfire.initiators", "inventory.solidfire.schedules", "inventory.solidfire.snapshots", "inventory.solidfire.snapshots", "inventory.solidfire.snapshots", "inventory.solidfire.volumes", "nfs"],
            found.Select(leak => (string)leak!["place"]!).Order());
        Assert.Equal("acme", (string?)(await world.GetAsync("/inventory"))["cloudstack"]!["accounts"]![0]!["name"]);
        Assert.Contains((await world.GetAsync("/nfs")).AsArray(), file => (string?)file!["path"] == "swf-leak-8.vhd" && (long)file["bytes"]! == 1);
        File.Delete(Path.Combine(world.Endpoints.Nfs.Path, "swf-leak-8.vhd"));
        Assert.Equal(400, (int)(await world.Control.GetAsync(new Uri("/leaks", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Skipped_time_purges_a_deleted_volume_and_ends_jobs()
    {
        var volume = (long)(await world.NewVolumeAsync())["solidFireVolumeId"]!;
        await world.ArrayAsync("DeleteVolume", new { volumeID = volume });
        await world.PostAsync("/time/skip", new { seconds = (8 * 3600) + 1 });
        Assert.Equal("xVolumeIDDoesNotExist", (string?)(await world.ArrayAsync("RestoreDeletedVolume", new { volumeID = volume }))["error"]!["name"]);
        Assert.Equal(400, (await world.TryPostAsync("/time/skip", new { seconds = -1 })).Status);
        Assert.Equal(0, (int)(await world.PostAsync("/solidfire/jobs/finish", new { }))["finished"]!);
    }

    [Fact]
    public async Task A_cluster_fault_is_listed_until_it_is_resolved()
    {
        await world.PostAsync("/solidfire/cluster-faults", new { code = "nodeOffline", severity = "error", type = "node", details = "Node 3 is away" });
        var fault = Assert.Single((await world.ArrayAsync("ListClusterFaults", new { faultTypes = "current" }))["result"]!["faults"]!.AsArray())!;
        Assert.Equal(("nodeOffline", "error", ""), ((string?)fault["code"], (string?)fault["severity"], (string?)fault["resolvedDate"]));
        await world.PostAsync("/solidfire/cluster-faults", new { code = "nodeOffline", resolved = true });
        Assert.Empty((await world.ArrayAsync("ListClusterFaults", new { faultTypes = "current" }))["result"]!["faults"]!.AsArray());
    }

    [Fact]
    public async Task An_event_is_sent_as_often_as_asked_with_one_id()
    {
        using var listener = new HttpListener();
        var port = new Random(9).Next(20_000, 30_000);
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        var ids = new List<string?>();
        var serving = Task.Run(async () =>
        {
            for (var i = 0; i < 2; i++)
            {
                var context = await listener.GetContextAsync();
                ids.Add(context.Request.Headers["X-CS-Event-ID"]);
                context.Response.Close();
            }
        });
        var deliveries = (await world.PostAsync("/cloudstack/events", new { payloadUrl = $"http://127.0.0.1:{port}/", entityUuid = "s1", eventId = "e1", times = 2 })).AsArray();
        await serving;
        Assert.Equal(["e1", "e1"], ids);
        Assert.All(deliveries, delivery => Assert.True((bool)delivery!["success"]!));
        Assert.Equal(400, (await world.TryPostAsync("/cloudstack/events", new { payloadUrl = "http://example.org/", entityUuid = "s1" })).Status);
    }

    [Fact]
    public async Task A_restarted_array_answers_nothing_for_a_while()
    {
        await world.PostAsync("/solidfire/restart", new { seconds = 0 });
        Assert.NotNull((await world.ArrayAsync("GetClusterInfo", new { }))["result"]);
        Assert.Equal(400, (await world.TryPostAsync("/solidfire/restart", new { seconds = -1 })).Status);
    }
}
