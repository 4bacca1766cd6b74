using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

public sealed class ExportTests
{
    [Fact]
    public void A_raw_export_is_every_byte_of_the_disk()
    {
        using var pool = new PoolRig();
        var (_, _, vdi, content) = pool.Volume();
        var (response, body) = pool.Get($"/export_raw_vdi/?session_id={pool.Session}&vdi={vdi}&format=raw");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.ToString());
        Assert.True(response.Headers.ConnectionClose);
        Assert.Equal(content, body);
    }

    [Fact]
    public void A_vhd_export_holds_the_allocated_blocks_and_its_length_follows_from_its_table()
    {
        using var pool = new PoolRig();
        var (_, _, vdi, content) = pool.Volume();
        var task = pool.Call("task.create", "export", "");
        var (response, body) = pool.Get($"/export_raw_vdi?session_id={pool.Session}&task_id={task}&vdi={vdi}&format=vhd");
        Assert.Equal("application/vhd", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(2048 + 512 + (2 * (512 + 2097152)) + 512, body.Length);
        Assert.Equal(content, LayoutReader.Vhd(body));
        Assert.Equal("success", pool.Call("task.get_status", task));
        Assert.Equal(task, response.Headers.GetValues("task-id").Single());
    }

    [Fact]
    public void The_disk_stays_in_use_for_a_moment_after_the_task_has_ended()
    {
        using var pool = new PoolRig();
        var (_, _, vdi, _) = pool.Volume();
        var reference = pool.Call("VDI.get_by_uuid", vdi);
        pool.Get($"/export_raw_vdi?session_id={pool.Session}&vdi={reference}");
        Assert.Equal(["VDI_IN_USE", reference, "destroy"], pool.Refusal("VDI.destroy", reference).Description);
        var pbd = pool.Value("SR.get_PBDs", pool.Call("VDI.get_SR", reference))[0]!.GetValue<string>();
        Assert.Equal("VDI_IN_USE", pool.Refusal("PBD.unplug", pbd).Code);
        pool.Clock.Advance(TimeSpan.FromSeconds(0.5));
        pool.Value("PBD.unplug", pbd);
        Assert.Empty(pool.Simulator.Inventory().Vbds);
    }

    [Fact]
    public void A_failure_after_the_status_line_is_a_second_status_line_in_the_body()
    {
        using var pool = new PoolRig();
        var (_, _, vdi, _) = pool.Volume();
        pool.Faults.On("xenserver", "export_raw_vdi").Fail("VDI_IO_ERROR", "Device I/O errors");
        var task = pool.Call("task.create", "export", "");
        var (response, body) = pool.Get($"/export_raw_vdi?session_id={pool.Session}&task_id={task}&vdi={vdi}&format=vhd");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.StartsWith("HTTP/1.1 500", Encoding.ASCII.GetString(body), StringComparison.Ordinal);
        Assert.Equal("failure", pool.Call("task.get_status", task));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2560)]
    [InlineData(2_000_000)]
    public void A_planned_cut_is_a_short_body_that_ends_like_a_whole_one(int bytes)
    {
        using var pool = new PoolRig();
        var (_, _, vdi, _) = pool.Volume();
        pool.Faults.On("xenserver", "export_raw_vdi").Truncate(bytes);
        var task = pool.Call("task.create", "export", "");
        var (_, body) = pool.Get($"/export_raw_vdi?session_id={pool.Session}&task_id={task}&vdi={vdi}&format=vhd");
        Assert.Equal(bytes, body.Length);
        Assert.Equal("failure", pool.Call("task.get_status", task));
        Assert.True(pool.Faults.AllFired());
    }

    [Fact]
    public void A_cut_beyond_the_end_leaves_the_body_whole_and_has_not_fired()
    {
        using var pool = new PoolRig();
        var (_, _, vdi, content) = pool.Volume();
        pool.Faults.On("xenserver", "export_raw_vdi").Truncate(content.Length);
        Assert.Equal(content, pool.Get($"/export_raw_vdi?session_id={pool.Session}&vdi={vdi}").Body);
        Assert.False(pool.Faults.AllFired());
    }

    [Fact]
    public void Bytes_are_turned_on_the_way_and_bytes_too_many_follow_while_the_task_knows_of_nothing()
    {
        using var pool = new PoolRig();
        var (_, _, vdi, content) = pool.Volume();
        pool.Faults.On("xenserver", "export_raw_vdi").Corrupt((5 << 20) - 1, 3);
        var task = pool.Call("task.create", "export", "");
        var (_, wrong) = pool.Get($"/export_raw_vdi?session_id={pool.Session}&task_id={task}&vdi={vdi}");
        Assert.Equal(content.Length, wrong.Length);
        Assert.Equal([(5 << 20) - 1, 5 << 20, (5 << 20) + 1], Enumerable.Range(0, content.Length).Where(i => content[i] != wrong[i]));
        Assert.Equal("success", pool.Call("task.get_status", task));
        pool.Faults.On("xenserver", "export_raw_vdi").Excess(700);
        var (_, longer) = pool.Get($"/export_raw_vdi?session_id={pool.Session}&vdi={vdi}");
        Assert.Equal(content.Length + 700, longer.Length);
        Assert.True(pool.Faults.AllFired());
    }

    [Fact]
    public void Strangers_are_sent_away()
    {
        using var pool = new PoolRig();
        var (_, _, vdi, _) = pool.Volume();
        var (response, _) = pool.Get($"/export_raw_vdi?session_id=OpaqueRef:x&vdi={vdi}");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.NotEmpty(response.Headers.WwwAuthenticate);
        Assert.Equal(HttpStatusCode.NotFound, pool.Get($"/export_raw_vdi?session_id={pool.Session}&vdi={vdi}&format=zip").Response.StatusCode);
    }

    [Fact]
    public void A_host_that_does_not_see_the_sr_points_at_one_that_does()
    {
        using var production = new PoolRig();
        var (lun, sr, vdi, content) = production.Volume();
        using var backup = new PoolRig(production.Fabric, "backup");
        var clone = production.Fabric.Add(lun.Clone("clone"), backup.Iqns);
        backup.Value("SR.scan", backup.Introduce(clone, sr, host: 1).Sr);
        var path = $"/export_raw_vdi?session_id={backup.Session}&vdi={vdi}";
        var (response, _) = backup.Get(path);
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        Assert.Equal("https://host2.backup.test" + path, response.Headers.Location!.OriginalString);
        Assert.Equal(content, backup.Get(path, host: 2).Body);
    }
}
