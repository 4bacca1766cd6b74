using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

public sealed class XenServerDiskContractTests
{
    private const long DiskBytes = 6 << 20;
    private static readonly byte[] s_content = MakeContent();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_disk_is_written_raw_and_as_vhd_by_the_host_that_has_its_sr(int hostIndex)
    {
        await using var world = await Appliances.StartAsync();
        var pool = world.PoolClients["production"];
        var sr = await NfsAsync(pool, hostIndex);
        var raw = await pool.Vdis.CreateAsync(new() { Sr = sr, NameLabel = "raw", VirtualBytes = DiskBytes }, default);
        var seen = new List<long>();
        await pool.ImportVdiAsync(raw, VdiExportFormat.Raw, new MemoryStream(s_content), DiskBytes, default, new Seen(seen));
        Assert.Equal(DiskBytes, seen[^1]);
        Assert.Equal(s_content, await ReadAsync(pool, raw, VdiExportFormat.Raw));

        var vhd = await ReadAsync(pool, raw, VdiExportFormat.Vhd);
        var copy = await pool.Vdis.CreateAsync(new() { Sr = sr, NameLabel = "copy", VirtualBytes = DiskBytes }, default);
        await pool.ImportVdiAsync(copy, VdiExportFormat.Vhd, new MemoryStream(vhd), vhd.Length, default);
        Assert.Equal(s_content, await ReadAsync(pool, copy, VdiExportFormat.Raw));
        Assert.DoesNotContain(await pool.Tasks.ListAsync(default), task => task.NameLabel.StartsWith("Import", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("truncate", XenApiErrorKind.Reconcile)]
    [InlineData("fail", XenApiErrorKind.Reconcile)]
    [InlineData("source", XenApiErrorKind.Reconcile)]
    [InlineData("too long", XenApiErrorKind.Permanent)]
    [InlineData("status", XenApiErrorKind.Transient)]
    public async Task An_import_that_breaks_never_looks_whole(string way, XenApiErrorKind kind)
    {
        await using var world = await Appliances.StartAsync();
        var pool = world.PoolClients["production"];
        var vdi = await pool.Vdis.CreateAsync(new() { Sr = await NfsAsync(pool, 0), NameLabel = "d", VirtualBytes = DiskBytes }, default);
        var vhd = way == "truncate";
        // The first request only asks for the way.
        var plan = world.Faults.On("xenserver", "import_raw_vdi", occurrence: way == "status" ? 1 : 2);
        _ = way switch
        {
            "truncate" => plan.Truncate(3000),
            "fail" => plan.Fail("VDI_IO_ERROR", "Device I/O errors"),
            "status" => plan.HttpStatus(503),
            _ => 0,
        };
        var content = way == "source" ? s_content[..^512] : s_content;
        var fault = await Assert.ThrowsAsync<XenApiException>(() => pool.ImportVdiAsync(
            vdi, vhd ? VdiExportFormat.Vhd : VdiExportFormat.Raw, new MemoryStream(content), way == "too long" ? DiskBytes + 512 : DiskBytes, default));
        Assert.Equal(kind, fault.Kind);
    }

    [Fact]
    public async Task What_changed_between_two_snapshots_is_read_over_nbd_and_nothing_else()
    {
        await using var world = await Appliances.StartAsync();
        var source = world.MakeVolume(s_content, DiskBytes);
        var pool = world.PoolClients["production"];
        var disk = (await pool.Vdis.FindAsync(source.VdiUuid, default))!.Ref;
        await pool.Vdis.EnableChangedBlocksAsync(disk, default);
        await pool.Vdis.EnableChangedBlocksAsync(disk, default);
        var first = await pool.Vdis.SnapshotAsync(disk, default);
        world.Pools["production"].World.WriteVdi(source.VdiUuid, 200_000, new byte[70_000]);
        var second = await pool.Vdis.SnapshotAsync(disk, default);
        var changes = await pool.Vdis.ListChangedBlocksAsync(first, second, default);
        Assert.Equal([new VdiExtent(196_608, 131_072)], changes.Extents());
        await pool.Vdis.DestroyDataAsync(first, default);
        await pool.Vdis.DestroyDataAsync(first, default);
        var changed = (byte[])s_content.Clone();
        await using (var reader = await pool.OpenVdiNbdAsync(second, default))
            foreach (var extent in changes.Extents())
                await reader.ReadAsync(extent.Offset, changed.AsMemory((int)extent.Offset, (int)extent.Length), default);
        Assert.Equal(await ReadAsync(pool, second, VdiExportFormat.Raw), changed);
    }

    [Fact]
    public async Task What_differs_from_an_earlier_snapshot_is_exported_and_laid_over_a_copy_of_it()
    {
        await using var world = await Appliances.StartAsync();
        var source = world.MakeVolume(s_content, DiskBytes);
        var pool = world.PoolClients["production"];
        var disk = (await pool.Vdis.FindAsync(source.VdiUuid, default))!.Ref;
        var first = await pool.Vdis.SnapshotAsync(disk, default);
        world.Pools["production"].World.WriteVdi(source.VdiUuid, 5_500_000, new byte[1000]);
        var second = await pool.Vdis.SnapshotAsync(disk, default);
        var copy = await pool.Vdis.CreateAsync(new() { Sr = await NfsAsync(pool, 0), NameLabel = "copy", VirtualBytes = DiskBytes }, default);
        var full = await ReadAsync(pool, first, VdiExportFormat.Vhd);
        await pool.ImportVdiAsync(copy, VdiExportFormat.Vhd, new MemoryStream(full), full.Length, default);
        using var difference = new MemoryStream();
        await using (var export = await pool.OpenVdiExportAsync(second, VdiExportFormat.Vhd, default, since: first)) await export.CopyToAsync(difference);
        Assert.True(difference.Length < full.Length, "The difference is as long as the whole.");
        await Appliances.UntilAsync(async () =>
        {
            try
            {
                difference.Position = 0;
                await pool.ImportVdiAsync(copy, VdiExportFormat.Vhd, difference, difference.Length, default);
                return "written";
            }
            // The control domain keeps the disk for a moment after the first import.
            catch (XenApiException fault) when (fault.Code == XenApiErrors.VdiInUse)
            {
                return null;
            }
        });
        Assert.Equal(await ReadAsync(pool, second, VdiExportFormat.Raw), await ReadAsync(pool, copy, VdiExportFormat.Raw));
    }

    [Fact]
    public async Task A_machine_is_paused_marked_and_goes_on()
    {
        await using var world = await Appliances.StartAsync();
        var source = world.MakeVolume(s_content, DiskBytes);
        var pool = world.PoolClients["production"];
        var uuid = world.Pools["production"].World.CreateRunningVm("guest", source.VdiUuid);
        var vm = (await pool.Vms.FindAsync(uuid, default))!.Ref;
        await pool.Vms.AddToOtherConfigAsync(vm, "swf", "k1", default);
        Assert.Null((await PauseAsync()).FindFailure());
        Assert.Equal(("Paused", "k1"), ((await pool.Vms.FindAsync(vm, default))!.PowerState, (await pool.Vms.FindAsync(vm, default))!.OtherConfig["swf"]));
        Assert.Equal(XenApiErrorKind.Conflict, (await PauseAsync()).FindFailure()?.Kind);
        Assert.Equal(2, (await pool.Tasks.ListAsync(VmCalls.PauseTask, default)).Count);
        await pool.Vms.UnpauseAsync(vm, default);
        await pool.Vms.UnpauseAsync(vm, default);
        await pool.Vms.RemoveFromOtherConfigAsync(vm, "swf", default);
        Assert.Equal("Running", (await pool.Vms.ListAsync(default)).Single(row => row.Uuid == uuid).PowerState);

        async Task<XenTask> PauseAsync() => await pool.Tasks.WaitAsync(await pool.Vms.StartPauseAsync(vm, default), default);
    }

    [Fact]
    public async Task A_task_that_is_lost_has_an_unknown_outcome()
    {
        await using var world = await Appliances.StartAsync();
        var pool = world.PoolClients["production"];
        var task = await pool.Tasks.CreateAsync("t", "", default);
        var waiting = pool.Tasks.WaitAsync(task, default);
        world.Pools["production"].Restart();
        var fault = await Assert.ThrowsAsync<XenApiOutcomeUnknownException>(() => waiting);
        Assert.Equal(XenApiErrorKind.Reconcile, fault.Kind);
    }

    [Fact]
    public async Task A_disk_grows_and_is_forgotten()
    {
        await using var world = await Appliances.StartAsync();
        var pool = world.PoolClients["production"];
        var sr = await NfsAsync(pool, 0);
        var vdi = await pool.Vdis.CreateAsync(new() { Sr = sr, NameLabel = "d", VirtualBytes = DiskBytes }, default);
        await pool.Vdis.ResizeAsync(vdi, DiskBytes * 2, default);
        await pool.Vdis.ResizeAsync(vdi, DiskBytes * 2, default);
        Assert.Equal(DiskBytes * 2, (await pool.Vdis.GetAsync(vdi, default)).VirtualBytes);
        await pool.Vdis.ForgetAsync(vdi, default);
        await pool.Vdis.ForgetAsync(vdi, default);
        Assert.Empty(await pool.Vdis.ListAsync(sr, default));
    }

    private static async Task<OpaqueRef> NfsAsync(XenServerClient pool, int hostIndex)
    {
        var host = (await pool.Pool.ListHostsAsync(default))[hostIndex];
        return await pool.Srs.CreateAsync(host.Ref, new Dictionary<string, string> { ["server"] = Appliances.NfsServer, ["serverpath"] = Appliances.NfsExport }, 0, "swf", "", "nfs", "user", shared: false, default);
    }

    private static async Task<byte[]> ReadAsync(XenServerClient pool, OpaqueRef vdi, VdiExportFormat format)
    {
        return await Appliances.UntilAsync(async () =>
        {
            try
            {
                await using var export = await pool.OpenVdiExportAsync(vdi, format, default);
                using var all = new MemoryStream();
                await export.CopyToAsync(all);
                return all.ToArray();
            }
            // The control domain keeps an imported disk for a moment.
            catch (XenApiException fault) when (fault.Code == XenApiErrors.VdiInUse)
            {
                return null;
            }
        });
    }

    private static byte[] MakeContent()
    {
        var content = new byte[DiskBytes];
        new Random(7).NextBytes(content.AsSpan(0, 1_000_000));
        new Random(8).NextBytes(content.AsSpan(5_000_000));
        return content;
    }

    private sealed class Seen(List<long> values) : IProgress<long>
    {
        public void Report(long value) => values.Add(value);
    }
}
