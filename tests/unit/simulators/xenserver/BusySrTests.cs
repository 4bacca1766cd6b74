namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

/// <summary>Operations that keep an SR busy for a time, and what becomes of those that come meanwhile.</summary>
public sealed class BusySrTests
{
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(1);

    [Fact]
    public void The_second_waits_for_the_first_in_the_order_of_their_coming()
    {
        using var pool = new PoolRig(srTime: s_time);
        var sr = Sr(pool);
        var (scan, create) = (pool.Call("Async.SR.scan", sr), pool.Call("Async.VDI.create", Disk(sr)));
        Assert.Equal("scan", pool.Value("SR.get_current_operations", sr)[scan]!.GetValue<string>());
        Assert.Equal(("pending", "pending"), (Status(pool, scan), Status(pool, create)));
        pool.Clock.Advance(s_time);
        Assert.Equal(("success", "pending"), (Status(pool, scan), Status(pool, create)));
        Assert.Equal("vdi_create", pool.Value("SR.get_current_operations", sr)[create]!.GetValue<string>());
        pool.Clock.Advance(s_time);
        Assert.Equal("success", Status(pool, create));
        Assert.Empty(pool.Value("SR.get_current_operations", sr).AsObject());
        Assert.Single(pool.Value("SR.get_VDIs", sr).AsArray());
    }

    [Fact]
    public void Where_nobody_may_wait_the_second_is_refused_and_plugging_goes_on_beside()
    {
        using var pool = new PoolRig(srTime: s_time, srQueue: 0);
        var (sr, pbd) = (Sr(pool), "");
        var scan = pool.Call("Async.SR.scan", sr);
        Assert.Equal(["OTHER_OPERATION_IN_PROGRESS", "SR", sr, "scan", scan], pool.Refusal("SR.scan", sr).Description);
        Assert.Equal("OTHER_OPERATION_IN_PROGRESS", pool.Refusal("VDI.create", Disk(sr)).Code);
        pool.Clock.Advance(s_time);
        pool.Simulator.Step();
        pbd = pool.Value("SR.get_PBDs", sr)[0]!.GetValue<string>();
        var unplug = pool.Call("Async.PBD.unplug", pbd);
        pool.Clock.Advance(s_time);
        Assert.Equal("success", Status(pool, unplug));
        var plugs = new[] { pool.Call("Async.PBD.plug", pbd), pool.Call("Async.PBD.plug", pbd) };
        pool.Clock.Advance(s_time);
        Assert.All(plugs, plug => Assert.Equal("success", Status(pool, plug)));
        Assert.True(pool.Value("PBD.get_currently_attached", pbd).GetValue<bool>());
    }

    [Fact]
    public void Too_many_that_wait_are_refused_and_one_that_waits_can_be_called_off()
    {
        using var pool = new PoolRig(srTime: s_time, srQueue: 2);
        var sr = Sr(pool);
        var first = pool.Call("Async.SR.scan", sr);
        var (second, third) = (pool.Call("Async.SR.scan", sr), pool.Call("Async.SR.scan", sr));
        Assert.Equal("TOO_MANY_PENDING_TASKS", pool.Refusal("SR.scan", sr).Code);
        pool.Value("task.cancel", second);
        pool.Simulator.Step();
        Assert.Equal(("pending", "cancelled", "pending"), (Status(pool, first), Status(pool, second), Status(pool, third)));
        pool.Clock.Advance(2 * s_time);
        pool.Simulator.Step();
        pool.Clock.Advance(s_time);
        Assert.Equal(("success", "success"), (Status(pool, first), Status(pool, third)));
    }

    [Fact]
    public void A_restart_ends_what_was_under_way_and_what_waited()
    {
        using var pool = new PoolRig(srTime: s_time);
        var sr = Sr(pool);
        var tasks = new[] { pool.Call("Async.SR.scan", sr), pool.Call("Async.SR.scan", sr) };
        pool.Simulator.Restart();
        pool.LogInAgain();
        Assert.All(tasks, task => Assert.Equal("HANDLE_INVALID", pool.Refusal("task.get_status", task).Code));
        Assert.Empty(pool.Value("SR.get_current_operations", sr).AsObject());
    }

    private static string Status(PoolRig pool, string task) => pool.Call("task.get_status", task);

    private static string Sr(PoolRig pool)
    {
        Directory.CreateDirectory(Path.Combine(pool.ExportFolder, "11111111-2222-4333-8444-555555555555"));
        return pool.Call("SR.create", pool.Host(), new System.Text.Json.Nodes.JsonObject { ["server"] = "nfs.test", ["serverpath"] = "/export/secondary" }, 0, "busy", "", "nfs", "user", false, new System.Text.Json.Nodes.JsonObject());
    }

    private static System.Text.Json.Nodes.JsonObject Disk(string sr) => new()
    {
        ["name_label"] = "disk", ["SR"] = sr, ["virtual_size"] = 4 << 20, ["type"] = "user", ["sharable"] = false, ["read_only"] = false, ["other_config"] = new System.Text.Json.Nodes.JsonObject(),
    };
}
