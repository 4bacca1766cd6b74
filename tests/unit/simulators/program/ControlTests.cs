using System.Text;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Program;

public sealed class ControlTests(ProgramWorld world) : IClassFixture<ProgramWorld>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_planned_fault_hits_once_is_listed_and_can_be_forgotten()
    {
        var id = (int)(await world.PostAsync("/faults", new { system = "solidfire", method = "ListAccounts", action = "fail", errorName = "xDBConnectionLoss", unknown = 1 }))["id"]!;
        var before = await Fault(id);
        var failed = await world.ArrayAsync("ListAccounts", new { });
        var answered = await world.ArrayAsync("ListAccounts", new { });
        var after = await Fault(id);
        using (await world.Control.DeleteAsync(new Uri("/faults", UriKind.Relative), Cancellation))
        {
            Assert.Empty((await world.GetAsync("/faults")).AsArray());
        }

        Assert.False((bool)before["fired"]!);
        Assert.Equal("xDBConnectionLoss", (string)failed["error"]!["name"]!);
        Assert.NotNull(answered["result"]);
        Assert.True((bool)after["fired"]!);
        Assert.Equal("fail", (string)after["action"]!);
        Assert.Equal(1, (int)(await world.GetAsync("/inventory"))["calls"]!["solidfire.ListAccounts"]!);
    }

    [Theory]
    [InlineData("""{"system":"mainframe","method":"x","action":"fail"}""")]
    [InlineData("""{"system":"solidfire","method":"","action":"fail"}""")]
    [InlineData("""{"system":"solidfire","method":"CloneVolume","action":"explode"}""")]
    [InlineData("""{"system":"solidfire","method":"CloneVolume","action":"0"}""")]
    [InlineData("""{"system":"solidfire","method":"CloneVolume","action":"fail","occurrence":0}""")]
    [InlineData("""{"system":"solidfire","method":"CloneVolume","action":"fail","pool":"backup"}""")]
    [InlineData("""{"system":"xenserver","method":"VDI.copy","action":"fail","pool":"nowhere"}""")]
    [InlineData("""{"system":"xenserver","method":"VDI.copy","action":"zeroExtent"}""")]
    [InlineData("""{"system":"xenserver","method":"VDI.copy","action":"stall"}""")]
    [InlineData("""{"system":"xenserver","method":"VDI.copy","action":"truncate"}""")]
    [InlineData("""{"system":"xenserver","method":"VDI.create","action":"zeroExtent","offset":0,"length":1}""")]
    [InlineData("""{"system":"solidfire","method":"CloneVolume","action":"zeroExtent","offset":0,"length":1}""")]
    [InlineData("""{"system":"xenserver","method":"nbd_read","action":"restart"}""")]
    [InlineData("""{"system":"xenserver","method":"nbd_connect","action":"corrupt","offset":0,"length":1}""")]
    [InlineData("""{"system":"xenserver","method":"export_raw_vdi","action":"duplicate"}""")]
    [InlineData("""{"system":"xenserver","method":"export_raw_vdi","action":"excess"}""")]
    [InlineData("""{"system":"xenserver","method":"VDI.copy","action":"corrupt","offset":0}""")]
    [InlineData("""{"system":"cloudstack","method":"createSnapshot","action":"excess","bytes":1}""")]
    [InlineData("""{"system":"hook","method":"freeze","action":"duplicate"}""")]
    [InlineData("""{"method":"VDI.copy","action":"fail"}""")]
    [InlineData("""{"system":""")]
    [InlineData("null")]
    public async Task A_fault_that_could_never_be_is_refused(string body)
    {
        var known = (await world.GetAsync("/faults")).AsArray().Count;

        Assert.Equal(400, await StatusAsync("/faults", body));
        Assert.Equal(known, (await world.GetAsync("/faults")).AsArray().Count);
    }

    [Theory]
    [InlineData("/nowhere", "{}", 404)]
    [InlineData("/guest/start", """{"vmUuid":"ghost"}""", 404)]
    [InlineData("/guest/start", "{}", 400)]
    [InlineData("/solidfire/volumes/9999/materialize", """{"path":"/tmp/never"}""", 404)]
    [InlineData("/solidfire/snapshots/x/materialize", """{"path":"/tmp/never"}""", 404)]
    [InlineData("/solidfire/volumes/9999/fill-snapshots", """{"count":3}""", 404)]
    [InlineData("/xenserver/nowhere/restart", "", 404)]
    [InlineData("/xenserver/backup/hosts/ghost/offline", "", 404)]
    [InlineData("/xenserver/production/vdis/ghost/snapshot", "", 404)]
    [InlineData("/nfs/full", "{}", 400)]
    [InlineData("/world/volumes", """{"name":"n","account":"a"}""", 400)]
    [InlineData("/world/volumes", """{"name":"n","account":"a","imagePath":"relative.img"}""", 400)]
    [InlineData("/world/volumes", """{"name":"n","account":"a","imagePath":"/no/such/image"}""", 400)]
    [InlineData("/world/volumes", """{"name":null,"account":"a","imagePath":"/no/such/image"}""", 400)]
    public async Task What_cannot_be_done_is_an_error_with_a_sentence(string path, string body, int status) => Assert.Equal(status, await StatusAsync(path, body));

    [Fact]
    public async Task A_lun_too_small_for_its_disk_is_refused_before_anything_is_made()
    {
        var before = (await world.GetAsync("/inventory"))["solidfire"]!.ToJsonString();

        var (status, answer) = await world.TryPostAsync("/world/volumes", new { name = "small", imagePath = world.ImagePath, account = "acme", lunBytes = 1 << 20 });

        Assert.Equal(400, status);
        Assert.Contains("at least", (string)answer["error"]!, StringComparison.Ordinal);
        Assert.Equal(before, (await world.GetAsync("/inventory"))["solidfire"]!.ToJsonString());
    }

    [Fact]
    public async Task A_guest_window_beyond_the_disk_is_refused()
    {
        var volume = await world.NewVolumeAsync();

        var (status, _) = await world.TryPostAsync("/guest/start", new { vmUuid = (string)volume["vmUuid"]!, offset = ProgramWorld.ImageBytes - 4096, length = 8192 });

        Assert.Equal(400, status);
        Assert.False((bool)(await world.GetAsync("/guest"))["running"]!);
    }

    [Fact]
    public async Task A_volume_is_filled_with_snapshots_up_to_the_arrays_limit()
    {
        var id = (long)(await world.NewVolumeAsync())["solidFireVolumeId"]!;

        await world.PostAsync($"/solidfire/volumes/{id}/fill-snapshots", new { count = 32 });
        var (status, answer) = await world.TryPostAsync($"/solidfire/volumes/{id}/fill-snapshots", new { count = 1 });

        Assert.Equal(32, (await world.GetAsync("/inventory"))["solidfire"]!["snapshots"]!.AsArray().Count(snapshot => (long)snapshot!["volumeId"]! == id));
        Assert.Equal(400, status);
        Assert.Contains("xMaxSnapshotsPerVolumeExceeded", (string)answer["error"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_goes_offline_and_comes_back()
    {
        async Task<JsonNode> Member() => (await world.GetAsync("/inventory"))["pools"]![1]!["hosts"]!.AsArray().Single(host => !(bool)host!["isCoordinator"]!)!;
        var uuid = (string)(await Member())["uuid"]!;

        await world.PostAsync($"/xenserver/backup/hosts/{uuid}/offline", new { });
        var offline = await Member();
        await world.PostAsync($"/xenserver/backup/hosts/{uuid}/online", new { });

        Assert.False((bool)offline["online"]!);
        Assert.True((bool)(await Member())["online"]!);
    }

    [Fact]
    public async Task A_restart_ends_the_pools_sessions_and_a_vdi_snapshot_shows()
    {
        var volume = await world.NewVolumeAsync();
        var pool = world.Endpoints.Xenserver[0];
        async Task<JsonNode> CallAsync(string method, params string[] arguments) =>
            await ProgramWorld.CallAsync(pool.Endpoint + "/jsonrpc", pool.CertificateSha256, new { jsonrpc = "2.0", method, @params = arguments, id = 1 });
        var session = (string)(await CallAsync("session.login_with_password", pool.Username, pool.Password, "1.0", "test"))["result"]!;
        var snapshot = (string)(await world.PostAsync($"/xenserver/production/vdis/{volume["vdiUuid"]}/snapshot", new { }))["vdiUuid"]!;
        var found = await CallAsync("VDI.get_by_uuid", session, snapshot);

        await world.PostAsync("/xenserver/production/restart", new { });
        var refused = await CallAsync("VDI.get_by_uuid", session, snapshot);

        Assert.NotNull(found["result"]);
        Assert.Contains("SESSION_INVALID", refused["error"]!.ToJsonString(), StringComparison.Ordinal);
        var vdi = Assert.Single((await world.GetAsync("/inventory"))["pools"]![0]!["vdis"]!.AsArray(), known => (string)known!["uuid"]! == snapshot)!;
        Assert.True((bool)vdi["isSnapshot"]!);
    }

    [Fact]
    public async Task A_full_export_refuses_a_new_disk_until_it_is_no_longer_full()
    {
        var pool = world.Endpoints.Xenserver[1];
        async Task<JsonNode> CallAsync(string method, params object[] arguments) =>
            await ProgramWorld.CallAsync(pool.Endpoint + "/jsonrpc", pool.CertificateSha256, new { jsonrpc = "2.0", method, @params = arguments, id = 1 });
        var session = (string)(await CallAsync("session.login_with_password", pool.Username, pool.Password, "1.0", "test"))["result"]!;
        var host = (string)(await CallAsync("host.get_all", session))["result"]![0]!;
        var config = new { server = world.Endpoints.Nfs.Server, serverpath = world.Endpoints.Nfs.Export };
        var sr = (string)(await CallAsync("SR.create", session, host, config, "0", "store", "", "nfs", "user", true, new { }))["result"]!;
        Task<JsonNode> CreateAsync() => CallAsync("VDI.create", session, new { name_label = "copy", name_description = "", SR = sr, virtual_size = "4194304", type = "user", sharable = false, read_only = false, other_config = new { } });

        await world.PostAsync("/nfs/full", new { full = true });
        var refused = await CreateAsync();
        await world.PostAsync("/nfs/full", new { full = false });
        var made = await CreateAsync();

        Assert.Contains("SR_FULL", refused["error"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.NotNull(made["result"]);
        Assert.Single(Directory.GetFiles(world.Endpoints.Nfs.Path, "*.vhd", SearchOption.AllDirectories));
    }

    private async Task<JsonNode> Fault(int id) => Assert.Single((await world.GetAsync("/faults")).AsArray(), fault => (int)fault!["id"]! == id)!;

    private async Task<int> StatusAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await world.Control.PostAsync(new Uri(path, UriKind.Relative), content, Cancellation);
        var sentence = (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!["error"];
        Assert.False(string.IsNullOrWhiteSpace(sentence), $"{path} answers {(int)answer.StatusCode} without a sentence");
        return (int)answer.StatusCode;
    }
}
