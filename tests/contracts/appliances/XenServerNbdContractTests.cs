using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

public sealed class XenServerNbdContractTests
{
    private const long DiskBytes = 12 << 20;
    private static readonly byte[] s_content = MakeContent();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_disk_is_read_at_any_offset_by_many_at_once(bool nbdGo)
    {
        await using var world = await Appliances.StartAsync(nbdGo: nbdGo);
        var (pool, vdi) = await SnapshotAsync(world);
        await using var reader = await pool.OpenVdiNbdAsync(vdi.Ref, default);
        Assert.Equal(DiskBytes, reader.VirtualBytes);
        var whole = new byte[DiskBytes];
        Assert.Equal(DiskBytes, await reader.ReadAsync(0, whole, default));
        Assert.True(whole.AsSpan().SequenceEqual(s_content));
        Assert.InRange(reader.ConnectionsOpened, 2, 4);
        var reads = Enumerable.Range(0, 40).Select(async i =>
        {
            var random = new Random(i);
            var offset = random.NextInt64(DiskBytes);
            var buffer = new byte[random.Next(1, 300_000)];
            var read = await reader.ReadAsync(offset, buffer, default);
            Assert.Equal(Math.Min(buffer.Length, DiskBytes - offset), read);
            Assert.True(buffer.AsSpan(0, read).SequenceEqual(s_content.AsSpan((int)offset, read)));
        });
        await Task.WhenAll(reads);
        Assert.Equal(0, await reader.ReadAsync(DiskBytes, new byte[1], default));
    }

    [Fact]
    public async Task The_disk_is_attached_while_it_is_read_and_let_go_after()
    {
        await using var world = await Appliances.StartAsync();
        var (pool, vdi) = await SnapshotAsync(world);
        await using (var reader = await pool.OpenVdiNbdAsync(vdi.Ref, default))
        {
            var refused = await Assert.ThrowsAsync<XenApiException>(() => pool.Vdis.DestroyAsync(vdi.Ref, default));
            Assert.Equal((XenApiErrors.VdiInUse, XenApiErrorKind.Transient), (refused.Code, refused.Kind));
        }
        await DestroyAsync(pool, vdi);
        Assert.Null(await pool.Vdis.FindAsync(vdi.Uuid, default));
    }

    [Fact]
    public async Task A_disk_is_let_go_when_its_reader_goes_away_in_the_middle_of_a_read()
    {
        await using var world = await Appliances.StartAsync();
        var (pool, vdi) = await SnapshotAsync(world);
        using var gone = new CancellationTokenSource();
        await using (var reader = await pool.OpenVdiNbdAsync(vdi.Ref, default))
        {
            world.Faults.On("xenserver", "nbd_read").Stall(TimeSpan.FromMinutes(5));
            var read = reader.ReadAsync(0, new byte[512], gone.Token).AsTask();
            await Appliances.UntilAsync(() => Task.FromResult(world.Faults.AllFired() ? "held" : null));
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        }
        await DestroyAsync(pool, vdi);
    }

    [Theory]
    [InlineData("drop")]
    [InlineData("cut")]
    [InlineData("error")]
    [InlineData("stall")]
    [InlineData("connect")]
    [InlineData("restart")]
    public async Task A_broken_read_is_taken_up_again(string way)
    {
        await using var world = await Appliances.StartAsync();
        var (production, vdi) = await SnapshotAsync(world);
        var pool = world.NewPoolClient(world.PoolSettings("production", options => options.NbdTimeout = TimeSpan.FromMilliseconds(way == "stall" ? 300 : 20_000)));
        await using var reader = await pool.OpenVdiNbdAsync(vdi.Ref, default);
        _ = way switch
        {
            "drop" => world.Faults.On("xenserver", "nbd_read", times: 3).DropRequest(),
            "cut" => world.Faults.On("xenserver", "nbd_read", occurrence: 2, times: 3).Truncate(70_000),
            "error" => world.Faults.On("xenserver", "nbd_read", times: 2).Fail("EIO"),
            "stall" => world.Faults.On("xenserver", "nbd_read").Stall(TimeSpan.FromMinutes(5)),
            "connect" => world.Faults.On("xenserver", "nbd_connect", times: 2).DropRequest(),
            _ => 0,
        };
        if (way == "restart") world.Pools["production"].Restart();
        var whole = new byte[DiskBytes];
        await reader.ReadAsync(0, whole, default);
        Assert.True(whole.AsSpan().SequenceEqual(s_content));
        Assert.True(world.Faults.AllFired());
    }

    [Fact]
    public async Task A_fault_that_does_not_pass_is_told_in_the_end()
    {
        await using var world = await Appliances.StartAsync();
        var (pool, vdi) = await SnapshotAsync(world);
        await using var reader = await pool.OpenVdiNbdAsync(vdi.Ref, default);
        world.Faults.On("xenserver", "nbd_read", times: FaultSpecification.ForEver).Fail("EIO");
        var fault = await Assert.ThrowsAsync<XenApiException>(async () => await reader.ReadAsync(0, new byte[DiskBytes], default));
        Assert.Equal((XenApiErrors.NbdBroken, XenApiErrorKind.Transient), (fault.Code, fault.Kind));
        world.Faults.Clear();
        world.Faults.On("xenserver", "nbd_read").Fail("EPERM");
        fault = await Assert.ThrowsAsync<XenApiException>(async () => await reader.ReadAsync(0, new byte[512], default));
        Assert.Equal(XenApiErrorKind.Permanent, fault.Kind);
    }

    [Fact]
    public async Task Without_tls_nothing_is_read_unless_the_settings_allow_it()
    {
        await using var world = await Appliances.StartAsync();
        var (pool, vdi) = await SnapshotAsync(world);
        world.Pools["production"].World.SetNbdPurpose("insecure_nbd");
        var fault = await Assert.ThrowsAsync<XenApiException>(() => pool.OpenVdiNbdAsync(vdi.Ref, default));
        Assert.Equal(XenApiErrorKind.Permanent, fault.Kind);
        Assert.Contains("AllowPlainNbd", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("session_id=OpaqueRef", fault.ToString(), StringComparison.Ordinal);
        var lenient = world.NewPoolClient(world.PoolSettings("production", options => options.AllowPlainNbd = true));
        await using var reader = await lenient.OpenVdiNbdAsync(vdi.Ref, default);
        var start = new byte[4096];
        await reader.ReadAsync(0, start, default);
        Assert.Equal(s_content[..4096], start);
    }

    [Theory]
    [InlineData("8")]
    [InlineData("7.1")]
    public async Task A_pool_without_nbd_says_so(string version)
    {
        await using var world = await Appliances.StartAsync(version);
        var (pool, vdi) = await SnapshotAsync(world);
        world.Pools["production"].World.SetNbdPurpose("");
        var fault = await Assert.ThrowsAsync<XenApiException>(() => pool.OpenVdiNbdAsync(vdi.Ref, default));
        Assert.Equal((XenApiErrors.NbdUnavailable, XenApiErrorKind.Permanent), (fault.Code, fault.Kind));
    }

    [Fact]
    public async Task Qemu_img_and_nbdcopy_read_the_same_bytes()
    {
        await using var world = await Appliances.StartAsync();
        var (pool, vdi) = await SnapshotAsync(world);
        using var reader = await ForeignNbdReader.PrepareAsync(world, vdi);
        Assert.Equal(s_content, await reader.QemuAsync());
        Assert.Equal(s_content, await reader.NbdCopyAsync());
        await using var ours = await pool.OpenVdiNbdAsync(vdi.Ref, default);
        var whole = new byte[DiskBytes];
        await ours.ReadAsync(0, whole, default);
        Assert.Equal(s_content, whole);
    }

    private static async Task<(XenServerClient Pool, Vdi Vdi)> SnapshotAsync(Appliances world)
    {
        var source = world.MakeVolume(s_content, DiskBytes);
        var pool = world.PoolClients["production"];
        return (pool, (await pool.Vdis.FindAsync(world.Pools["production"].World.SnapshotVdi(source.VdiUuid), default))!);
    }

    /// <summary>As soon as nobody reads it.</summary>
    private static Task DestroyAsync(XenServerClient pool, Vdi vdi) =>
        Appliances.UntilAsync(async () =>
        {
            try
            {
                await pool.Vdis.DestroyAsync(vdi.Ref, default);
                return "gone";
            }
            catch (XenApiException fault) when (fault.Kind == XenApiErrorKind.Transient)
            {
                return null;
            }
        });

    private static byte[] MakeContent()
    {
        var content = new byte[DiskBytes];
        new Random(7).NextBytes(content.AsSpan(0, 3_000_000));
        new Random(8).NextBytes(content.AsSpan(9_000_000));
        return content;
    }
}
