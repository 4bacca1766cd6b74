using System.Text.Json;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.World;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Program;

public sealed class WorldTests(ProgramWorld world) : IClassFixture<ProgramWorld>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_endpoints_file_tells_what_listens_and_is_its_owners_alone()
    {
        var file = Path.Combine(world.State, "endpoints.json");
        var written = JsonSerializer.Deserialize<Endpoints>(await File.ReadAllBytesAsync(file, Cancellation), JsonSerializerOptions.Web)!;

        Assert.Equal(world.Endpoints.Control, written.Control);
        Assert.Equal(["production", "backup"], written.Xenserver.Select(pool => pool.Name));
        Assert.EndsWith("/json-rpc/12.5", written.Solidfire.Endpoint, StringComparison.Ordinal);
        Assert.EndsWith("/client/api", written.Cloudstack.Endpoint, StringComparison.Ordinal);
        Assert.True(Directory.Exists(written.Nfs.Path));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task A_new_volume_has_every_name_and_holds_the_image()
    {
        var volume = await world.NewVolumeAsync();
        var path = Path.Combine(world.Folder, "new.lun");
        var file = await world.PostAsync($"/solidfire/volumes/{volume["solidFireVolumeId"]}/materialize", new { path });
        var inventory = await world.GetAsync("/inventory");

        Assert.Equal(ProgramWorld.ImageBytes, (long)volume["virtualSize"]!);
        Assert.Equal(world.Image, MaterializedLun.DiskIn(path));
        Assert.Equal(new FileInfo(path).Length, (long)file["bytes"]!);
        Assert.InRange((long)file["allocatedBytes"]!, 2 << 20, 8 << 20);
        var production = inventory["pools"]![0]!;
        var sr = Single(production["srs"]!, "uuid", (string)volume["srUuid"]!);
        Assert.Equal($"/{volume["iqn"]}/0", (string)sr["label"]!);
        Assert.Equal("lvmoiscsi", (string)sr["type"]!);
        Assert.Equal(2, sr["pbds"]!.AsArray().Count);
        Assert.Equal((string)volume["srUuid"]!, (string)Single(production["vdis"]!, "uuid", (string)volume["vdiUuid"]!)["sr"]!);
        Assert.Equal((string)volume["vdiUuid"]!, (string)Single(production["vbds"]!, "vm", (string)volume["vmUuid"]!)["vdi"]!);
        var lun = inventory["solidfire"]!["volumes"]!.AsArray().Single(known => (long)known!["id"]! == (long)volume["solidFireVolumeId"]!)!;
        Assert.Single(lun["accessGroups"]!.AsArray());
    }

    [Fact]
    public async Task A_snapshot_keeps_the_lun_while_the_guest_goes_on_writing_in_its_window()
    {
        const int Offset = 1 << 20, Length = 1 << 20;
        var volume = await world.NewVolumeAsync();
        var id = (long)volume["solidFireVolumeId"]!;
        var snapshot = (long)(await world.ArrayAsync("CreateSnapshot", new { volumeID = id, name = "before" }))["result"]!["snapshotID"]!;

        await world.PostAsync("/guest/start", new { vmUuid = (string)volume["vmUuid"]!, seed = 5, bytesPerWrite = 4096, writesPerSecond = 500, offset = Offset, length = Length });
        var refused = await world.TryPostAsync("/guest/start", new { vmUuid = (string)volume["vmUuid"]! });
        await UntilAsync(async () => (long)(await world.GetAsync("/guest"))["writes"]! >= 10);
        await world.PostAsync("/guest/stop", new { });
        var report = await world.GetAsync("/guest");
        var (then, now) = (Path.Combine(world.Folder, "then.lun"), Path.Combine(world.Folder, "now.lun"));
        await world.PostAsync($"/solidfire/snapshots/{snapshot}/materialize", new { path = then });
        await world.PostAsync($"/solidfire/volumes/{id}/materialize", new { path = now });

        Assert.Equal(400, refused.Status);
        Assert.False((bool)report["running"]!);
        Assert.False((bool)report["frozen"]!);
        Assert.Equal((long)report["writes"]! * 4096, (long)report["bytesWritten"]!);
        Assert.Equal(world.Image, MaterializedLun.DiskIn(then));
        var disk = MaterializedLun.DiskIn(now);
        Assert.Equal(world.Image[..Offset], disk[..Offset]);
        Assert.Equal(world.Image[(Offset + Length)..], disk[(Offset + Length)..]);
        Assert.Equal("SWFGUEST"u8.ToArray(), disk[Offset..(Offset + 8)]);
    }

    [Fact]
    public async Task A_member_names_the_coordinator_under_the_same_certificate_as_the_pool()
    {
        var pool = world.Endpoints.Xenserver[1];
        object Login() => new { jsonrpc = "2.0", method = "session.login_with_password", @params = new[] { pool.Username, pool.Password, "1.0", "test" }, id = 1 };
        var session = (string)(await ProgramWorld.CallAsync(pool.Endpoint + "/jsonrpc", pool.CertificateSha256, Login()))["result"]!;
        var hosts = await ProgramWorld.CallAsync(pool.Endpoint + "/jsonrpc", pool.CertificateSha256, new { jsonrpc = "2.0", method = "host.get_all_records", @params = new[] { session }, id = 2 });
        // One port for all, so that an address says it all.
        var coordinator = new Uri(pool.Endpoint);
        var member = hosts["result"]!.AsObject().Select(host => (string)host.Value!["address"]!).Single(address => address != coordinator.Host);

        var answer = await ProgramWorld.CallAsync($"https://{member}:{coordinator.Port}/jsonrpc", pool.CertificateSha256, Login());

        Assert.Contains("HOST_IS_SLAVE", answer["error"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(coordinator.Host, (string?)answer["error"]!["data"]![0]);
    }

    [Fact]
    public async Task The_agent_knows_a_machine_by_the_uuid_in_the_address_too_and_the_inventory_sees_it_frozen()
    {
        var volume = await world.NewVolumeAsync();
        var vmId = (string)volume["vmUuid"]!;
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        client.DefaultRequestHeaders.Authorization = new("Bearer", world.Endpoints.Hook.Token);
        async Task<JsonNode> HookAsync(string verb, string body)
        {
            using var answer = await client.PostAsync(new Uri($"{world.Endpoints.Hook.Endpoint}/{vmId}/{verb}"), new StringContent(body), Cancellation);
            return JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
        }

        await HookAsync("freeze", $$"""{"vmId":"{{vmId}}","marker":"m","timeToLiveSeconds":60}""");
        var frozen = (bool)(await world.GetAsync("/inventory"))["hook"]!["frozen"]!;
        var thawed = await HookAsync("thaw", $$"""{"vmId":"{{vmId}}","marker":"m"}""");

        Assert.True(frozen);
        Assert.True((bool)thawed["held"]!);
        Assert.False((bool)(await world.GetAsync("/inventory"))["hook"]!["frozen"]!);
    }

    private static JsonNode Single(JsonNode rows, string member, string value) => Assert.Single(rows.AsArray(), row => (string?)row![member] == value)!;

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        while (!await holds()) await timer.WaitForNextTickAsync(limit.Token);
    }
}
