using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

public sealed class XenServerContractTests
{
    private static readonly byte[] s_content = MakeContent();

    [Fact]
    public async Task The_check_goes_by_way_of_a_member_and_finds_a_pool_that_is_ready()
    {
        await using var world = await Appliances.StartAsync();
        var check = await world.PoolClients["backup"].CheckAsync(default);
        Assert.Empty(check.Mend);
        Assert.Equal((2, 21), (check.Version!.ApiMajor, check.Version.ApiMinor));
        Assert.Equal(["iqn.2026-01.test:backup-1", "iqn.2026-01.test:backup-2"], check.Hosts.Select(host => host.Iqn!));
        Assert.All(check.Hosts, host => Assert.True(host.Live));
        Assert.False(check.CanResign);
        world.Pools["backup"].SetHostOffline(check.Hosts[1].Uuid, true);
        Assert.Single(await world.PoolClients["backup"].Pool.ListHostsAsync(default), host => !host.Live);
    }

    [Fact]
    public async Task A_wrong_password_is_named()
    {
        await using var world = await Appliances.StartAsync();
        var options = new XenServerPoolOptions { Name = "backup", Endpoint = world.PoolOptions["backup"].Endpoint, CertificateSha256 = world.PoolOptions["backup"].CertificateSha256, Username = "root", Password = "no" };
        var check = await world.NewPoolClient(options).CheckAsync(default);
        Assert.Contains("SESSION_AUTHENTICATION_FAILED", Assert.Single(check.Mend), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_coordinator_with_a_foreign_certificate_is_not_followed_to()
    {
        await using var world = await Appliances.StartAsync();
        var both = world.PoolOptions["backup"];
        // Only the member is trusted; it sends us to the coordinator.
        var options = new XenServerPoolOptions { Name = "backup", Endpoint = both.Endpoint, CertificateSha256 = both.CertificateSha256!.Split(',')[1], Username = "root", Password = both.Password };
        var fault = await Assert.ThrowsAsync<XenApiException>(() => world.NewPoolClient(options).LogInAsync(default));
        Assert.Equal(XenApiErrors.CertificateNotTrusted, fault.Code);
    }

    [Fact]
    public async Task A_clone_is_introduced_in_another_pool_exported_bit_by_bit_and_taken_away()
    {
        await using var world = await Appliances.StartAsync();
        var source = world.MakeVolume(s_content);
        var clone = await GrantCloneAsync(world, source.VolumeId);
        var pool = world.PoolClients["backup"];
        var host = (await pool.Pool.ListHostsAsync(default))[0];

        var targets = await pool.Srs.ProbeAsync(host.Ref, new Dictionary<string, string> { ["target"] = Appliances.Device("")["target"] }, SrCalls.LvmOverIscsi, default);
        Assert.Contains(targets.TargetList!, target => target.TargetIqn == clone.Iqn);
        var luns = await pool.Srs.ProbeAsync(host.Ref, Appliances.Device(clone.Iqn), SrCalls.LvmOverIscsi, default);
        var lun = Assert.Single(luns.LunList!);
        Assert.Contains(clone.ScsiNaaDeviceId!, lun.ScsiId, StringComparison.OrdinalIgnoreCase);
        var device = Appliances.Device(clone.Iqn, lun.ScsiId);
        var found = Assert.Single((await pool.Srs.ProbeAsync(host.Ref, device, SrCalls.LvmOverIscsi, default)).SrList!);
        Assert.Equal(source.SrUuid, found.Uuid);

        Assert.Null(await pool.Srs.FindAsync(found.Uuid, default));
        var sr = await pool.Srs.IntroduceAsync(found.Uuid, "swf-k1", "swf-k1", SrCalls.LvmOverIscsi, "user", shared: false, default);
        var again = await Assert.ThrowsAsync<XenApiException>(() => pool.Srs.IntroduceAsync(found.Uuid, "swf-k1", "swf-k1", SrCalls.LvmOverIscsi, "user", shared: false, default));
        Assert.Equal(XenApiErrorKind.Conflict, again.Kind);
        var pbd = await pool.Pbds.CreateAsync(host.Ref, sr, device, default);
        Assert.Equal(XenApiErrors.PbdExists, (await Assert.ThrowsAsync<XenApiException>(() => pool.Pbds.CreateAsync(host.Ref, sr, device, default))).Code);
        await pool.Pbds.PlugAsync(pbd, default);
        await pool.Pbds.PlugAsync(pbd, default);
        await pool.Srs.ScanAsync(sr, default);
        Assert.True(Assert.Single(await pool.Pbds.ListAsync(sr, default)).CurrentlyAttached);
        var vdi = Assert.Single(await pool.Vdis.ListAsync(sr, default));
        Assert.Equal((source.VdiUuid, true, false), (vdi.Uuid, vdi.Managed, vdi.IsASnapshot));

        await using (var export = await pool.OpenVdiExportAsync(vdi.Ref, VdiExportFormat.Raw, default))
        {
            var bytes = await ReadAsync(export);
            Assert.Equal(vdi.VirtualBytes, bytes.LongLength);
            Assert.True(bytes.AsSpan(0, s_content.Length).SequenceEqual(s_content));
            Assert.False(bytes.AsSpan(s_content.Length).ContainsAnyExcept((byte)0));
        }
        await using (var export = await pool.OpenVdiExportAsync(vdi.Ref, VdiExportFormat.Vhd, default))
            Assert.Equal("conectix"u8.ToArray(), (await ReadAsync(export))[..8]);

        await Appliances.UntilAsync(async () =>
        {
            try
            {
                await pool.Pbds.UnplugAsync(pbd, default);
                return "unplugged";
            }
            // The control domain keeps an exported disk for a moment.
            catch (XenApiException fault) when (fault.Kind == XenApiErrorKind.Transient)
            {
                return null;
            }
        });
        await pool.Pbds.DestroyAsync(pbd, default);
        await pool.Srs.ForgetAsync(sr, default);
        await pool.Srs.ForgetAsync(sr, default);
        Assert.Null(await pool.Srs.FindAsync(found.Uuid, default));
        Assert.Empty(await world.ArrayClient.ListIscsiSessionsAsync(clone.VolumeId, default));
        Assert.DoesNotContain(await pool.Tasks.ListAsync(default), task => task.NameLabel.StartsWith("Export", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("truncate")]
    [InlineData("fail")]
    [InlineData("drop")]
    [InlineData("status")]
    [InlineData("status", "7.1")]
    [InlineData("truncate", "7.1")]
    public async Task An_export_that_breaks_never_looks_whole_and_the_next_is_whole(string way, string version = "8")
    {
        await using var world = await Appliances.StartAsync(version);
        var source = world.MakeVolume(s_content);
        var pool = world.PoolClients["production"];
        var vdi = await SnapshotAsync(world, source.VdiUuid);
        var plan = world.Faults.On("xenserver", "export_raw_vdi");
        _ = way switch
        {
            "truncate" => plan.Truncate(1 << 20),
            "fail" => plan.Fail("VDI_IO_ERROR", "Device I/O errors"),
            "drop" => plan.DropAnswer(),
            _ => plan.HttpStatus(503),
        };
        var fault = await Assert.ThrowsAsync<XenApiException>(async () =>
        {
            await using var export = await pool.OpenVdiExportAsync(vdi.Ref, VdiExportFormat.Raw, default);
            await ReadAsync(export);
        });
        Assert.Equal(XenApiErrorKind.Transient, fault.Kind);
        Assert.True(world.Faults.AllFired());
        await using var second = await pool.OpenVdiExportAsync(vdi.Ref, VdiExportFormat.Raw, default);
        Assert.Equal(vdi.VirtualBytes, (await ReadAsync(second)).LongLength);
    }

    [Fact]
    public async Task A_disk_is_copied_into_one_that_was_made_before()
    {
        await using var world = await Appliances.StartAsync();
        var source = world.MakeVolume(s_content);
        var pool = world.PoolClients["production"];
        var vdi = await SnapshotAsync(world, source.VdiUuid);
        var host = (await pool.Pool.ListHostsAsync(default))[0];
        var sr = await pool.Srs.CreateAsync(host.Ref, new Dictionary<string, string> { ["server"] = Appliances.NfsServer, ["serverpath"] = Appliances.NfsExport }, 0, "swf-k1", "", "nfs", "user", shared: false, default);
        var into = await pool.Vdis.CreateAsync(new() { Sr = sr, NameLabel = "swf-k1-copy", VirtualBytes = vdi.VirtualBytes, OtherConfig = new Dictionary<string, string> { ["swf"] = "k1" } }, default);
        var task = await pool.Vdis.StartCopyAsync(vdi.Ref, sr, into, default);
        await pool.Tasks.SetOtherConfigAsync(task, new Dictionary<string, string> { ["swf"] = "k1" }, default);
        Assert.Equal("k1", (await pool.Tasks.ListAsync(default)).Single(row => row.Ref == task).OtherConfig["swf"]);
        var done = await Appliances.UntilAsync(async () => await pool.Tasks.FindAsync(task, default) is { Ended: true } ended ? ended : null);
        Assert.Null(done.FindFailure());
        Assert.Equal(into, done.ResultRef());
        await pool.Tasks.DestroyAsync(task, default);
        Assert.Null(await pool.Tasks.FindAsync(task, default));
        var copy = await pool.Vdis.GetAsync(into, default);
        Assert.Equal("k1", copy.OtherConfig["swf"]);
        var bytes = new byte[s_content.Length];
        world.Pools["production"].World.ReadVdi(copy.Uuid, 0, bytes);
        Assert.True(bytes.AsSpan().SequenceEqual(s_content));
        await pool.Vdis.RemoveFromOtherConfigAsync(into, "swf", default);
        await pool.Vdis.RemoveFromOtherConfigAsync(into, "swf", default);
        await pool.Vdis.DestroyAsync(into, default);
        await pool.Vdis.DestroyAsync(into, default);
        Assert.Null(await pool.Vdis.FindAsync(copy.Uuid, default));
    }

    [Fact]
    public async Task After_a_restart_the_session_is_opened_anew_and_tasks_are_unknown()
    {
        await using var world = await Appliances.StartAsync();
        var pool = world.PoolClients["backup"];
        var task = await pool.Tasks.CreateAsync("t", "", default);
        Assert.NotNull(await pool.Tasks.FindAsync(task, default));
        world.Pools["backup"].Restart();
        Assert.Null(await pool.Tasks.FindAsync(task, default));
        world.Pools["backup"].Restart();
        // A write, too: the session is refused before the call is looked at.
        Assert.False((await pool.Tasks.CreateAsync("t2", "", default)).IsNull);
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_was_done_once()
    {
        await using var world = await Appliances.StartAsync();
        var pool = world.PoolClients["backup"];
        await pool.LogInAsync(default);
        world.Faults.On("xenserver", "SR.introduce").DropAnswer();
        var uuid = Guid.NewGuid().ToString();
        await Assert.ThrowsAsync<XenApiOutcomeUnknownException>(() => pool.Srs.IntroduceAsync(uuid, "swf-k1", "", SrCalls.LvmOverIscsi, "user", false, default));
        Assert.Equal("swf-k1", (await pool.Srs.FindAsync(uuid, default))!.NameLabel);
        Assert.Equal(1, world.Faults.CallsOf("xenserver", "SR.introduce"));
    }

    [Fact]
    public async Task An_error_from_outside_the_dispatcher_is_read()
    {
        await using var world = await Appliances.StartAsync();
        var pool = world.PoolClients["backup"];
        await pool.LogInAsync(default);
        world.Faults.On("xenserver", "dispatch").Fail("HOST_STILL_BOOTING");
        Assert.Empty(await pool.Srs.ListAsync(default));
        Assert.True(world.Faults.AllFired());
    }

    [Fact]
    public async Task Old_hosts_resign_a_clone_and_new_ones_refuse()
    {
        await using var old = await Appliances.StartAsync("7.1");
        var source = old.MakeVolume(s_content);
        var clone = await GrantCloneAsync(old, source.VolumeId);
        var pool = old.PoolClients["backup"];
        Assert.True((await pool.CheckAsync(default)).CanResign);
        var host = (await pool.Pool.ListHostsAsync(default))[0];
        var device = Appliances.Device(clone.Iqn, "3" + clone.ScsiNaaDeviceId);
        await pool.Srs.ResignAsync(host.Ref, device, "swf-k1", default);
        var found = Assert.Single((await pool.Srs.ProbeAsync(host.Ref, device, SrCalls.LvmOverIscsi, default)).SrList!);
        Assert.NotEqual(source.SrUuid, found.Uuid);

        await using var stock = await Appliances.StartAsync();
        var refused = await Assert.ThrowsAsync<XenApiException>(async () =>
            await stock.PoolClients["backup"].Srs.ResignAsync((await stock.PoolClients["backup"].Pool.ListHostsAsync(default))[0].Ref, device, "swf-k1", default));
        Assert.Equal((XenApiErrors.SrUnknownDriver, XenApiErrorKind.Permanent), (refused.Code, refused.Kind));
    }

    private static byte[] MakeContent()
    {
        var content = new byte[1 << 20];
        new Random(7).NextBytes(content);
        return content;
    }

    private static async Task<Volume> GrantCloneAsync(Appliances world, long volume)
    {
        var snapshot = await world.ArrayClient.CreateSnapshotAsync(volume, "swf-k1-snap", TimeSpan.FromHours(48), [], default);
        var started = await SolidFireContractTests.CloneAsync(world.ArrayClient, volume, snapshot.SnapshotId);
        await SolidFireContractTests.DoneAsync(world.ArrayClient, started.AsyncHandle);
        await world.ArrayClient.AddVolumesToVolumeAccessGroupAsync(world.Groups["backup"], [started.VolumeId], default);
        return (await world.ArrayClient.FindVolumeAsync(started.VolumeId, default))!;
    }

    private static async Task<Vdi> SnapshotAsync(Appliances world, string vdiUuid) =>
        (await world.PoolClients["production"].Vdis.FindAsync(world.Pools["production"].World.SnapshotVdi(vdiUuid), default))!;

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all);
        return all.ToArray();
    }
}
