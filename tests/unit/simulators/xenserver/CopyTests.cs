using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

public sealed class CopyTests
{
    private const long Size = 16 << 20;

    [Fact]
    public void A_copy_is_a_vhd_file_with_the_same_content_and_takes_the_time_of_its_data()
    {
        using var pool = new PoolRig(rate: 1 << 20);
        var (source, into, content) = Prepare(pool);
        var task = Start(pool, source, into);
        Assert.Equal("pending", pool.Call("task.get_status", task));
        Assert.Equal("copy", pool.Value("VDI.get_current_operations", into)[task]!.GetValue<string>());
        Assert.Equal("copy", pool.Value("VDI.get_current_operations", source)[task]!.GetValue<string>());
        pool.Clock.Advance(TimeSpan.FromSeconds(2.5));
        pool.Simulator.Step();
        Assert.InRange(pool.Value("task.get_progress", task).GetValue<double>(), 0.3, 0.7);
        pool.Clock.Advance(TimeSpan.FromSeconds(1.6));
        var record = pool.Value("task.get_record", task);
        Assert.Equal("success", record["status"]!.GetValue<string>());
        Assert.Equal($"<value>{into}</value>", record["result"]!.GetValue<string>());
        Assert.Empty(pool.Value("VDI.get_current_operations", into).AsObject());
        var file = File.ReadAllBytes(pool.VhdPath(into));
        Assert.Equal(content, LayoutReader.Vhd(file));
        Assert.InRange(file.Length, 4 << 20, 5 << 20);
        Assert.Equal(file.Length, pool.Value("VDI.get_physical_utilisation", into).GetValue<long>());
    }

    [Fact]
    public async Task A_copy_without_a_task_answers_when_it_is_done()
    {
        using var pool = new PoolRig(rate: 1 << 20);
        var (source, into, content) = Prepare(pool);
        var session = pool.Session;
        var call = Task.Run(() => pool.Raw("VDI.copy", session, source, "OpaqueRef:NULL", "OpaqueRef:NULL", into));
        while (pool.Simulator.Inventory().Tasks.Count == 0)
            await Task.Yield();
        Assert.False(call.IsCompleted);
        pool.Clock.Advance(TimeSpan.FromSeconds(10));
        pool.Simulator.Step();
        Assert.Equal(into, (await call).GetValue<string>());
        Assert.Equal(content, LayoutReader.Vhd(File.ReadAllBytes(pool.VhdPath(into))));
    }

    [Fact]
    public void A_planned_zero_extent_is_missing_from_a_copy_that_still_says_success()
    {
        using var pool = new PoolRig();
        var (source, into, content) = Prepare(pool);
        pool.Faults.On("xenserver", "VDI.copy", pool: "production").ZeroExtent(5 * 2097152, 65536);
        var task = Start(pool, source, into);
        Assert.Equal("success", pool.Call("task.get_status", task));
        var copy = LayoutReader.Vhd(File.ReadAllBytes(pool.VhdPath(into)));
        Assert.NotEqual(content, copy);
        content.AsSpan(5 * 2097152, 65536).Clear();
        Assert.Equal(content, copy);
        Assert.True(pool.Faults.AllFired());
    }

    [Fact]
    public void Cancelling_is_a_request_that_the_next_step_sees()
    {
        using var pool = new PoolRig(rate: 1 << 20);
        var (source, into, _) = Prepare(pool);
        var task = Start(pool, source, into);
        pool.Value("task.cancel", task);
        pool.Simulator.Step();
        var record = pool.Value("task.get_record", task);
        Assert.Equal("cancelled", record["status"]!.GetValue<string>());
        Assert.Equal("TASK_CANCELLED", record["error_info"]![0]!.GetValue<string>());
        Assert.True(File.Exists(pool.VhdPath(into)));
        pool.Value("VDI.destroy", into);
        Assert.Empty(Directory.EnumerateFiles(pool.ExportFolder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_cancelled_copy_that_made_its_destination_takes_it_away()
    {
        using var pool = new PoolRig(rate: 1 << 20);
        var (_, _, vdi, _) = pool.Volume();
        var sr = pool.NfsSr();
        var task = pool.Call("Async.VDI.copy", pool.Call("VDI.get_by_uuid", vdi), sr);
        Assert.Single(pool.Value("SR.get_VDIs", sr).AsArray());
        pool.Value("task.cancel", task);
        pool.Simulator.Step();
        Assert.Empty(pool.Value("SR.get_VDIs", sr).AsArray());
        Assert.Empty(Directory.EnumerateFiles(pool.ExportFolder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_restart_loses_the_task_and_leaves_a_partial_disk_that_can_be_destroyed()
    {
        using var pool = new PoolRig(rate: 1 << 20);
        var (source, into, content) = Prepare(pool);
        var task = Start(pool, source, into);
        pool.Clock.Advance(TimeSpan.FromSeconds(2.5));
        pool.Simulator.Step();
        pool.Simulator.Restart();
        pool.LogInAgain();
        Assert.Equal(["HANDLE_INVALID", "task", task], pool.Refusal("task.get_record", task).Description);
        Assert.Empty(pool.Value("VDI.get_current_operations", into).AsObject());
        pool.Clock.Advance(TimeSpan.FromHours(1));
        pool.Simulator.Step();
        var partial = LayoutReader.Vhd(File.ReadAllBytes(pool.VhdPath(into)));
        Assert.NotEqual(content, partial);
        Assert.Equal(content.AsSpan(0, 2097152), partial.AsSpan(0, 2097152));
        pool.Value("VDI.destroy", into);
    }

    [Fact]
    public void A_corrupted_copy_holds_one_wrong_byte_and_is_a_success()
    {
        using var pool = new PoolRig();
        var (source, into, content) = Prepare(pool);
        pool.Faults.On("xenserver", "VDI.copy").Corrupt(4096 + 77);
        Assert.Equal("success", pool.Call("task.get_status", Start(pool, source, into)));
        content[4096 + 77] ^= 0xff;
        Assert.Equal(content, LayoutReader.Vhd(File.ReadAllBytes(pool.VhdPath(into))));
        Assert.True(pool.Faults.AllFired());
    }

    [Fact]
    public void What_a_copy_holds_nobody_else_may_touch()
    {
        using var pool = new PoolRig(rate: 1 << 20);
        var (source, into, _) = Prepare(pool);
        var task = Start(pool, source, into);
        Assert.Equal(["OTHER_OPERATION_IN_PROGRESS", "VDI", into, "copy", task], pool.Refusal("VDI.destroy", into).Description);
        Assert.Equal("OTHER_OPERATION_IN_PROGRESS", pool.Refusal("VDI.copy", source, "OpaqueRef:NULL", "OpaqueRef:NULL", into).Code);
        Assert.Equal("OPERATION_NOT_ALLOWED", pool.Refusal("VDI.snapshot", source).Code);
        var pbd = pool.Value("SR.get_PBDs", pool.Call("VDI.get_SR", into))[0]!.GetValue<string>();
        Assert.Equal("OTHER_OPERATION_IN_PROGRESS", pool.Refusal("PBD.unplug", pbd).Code);
    }

    [Fact]
    public void A_full_export_takes_no_disk_and_stops_a_copy()
    {
        using var pool = new PoolRig(rate: 1 << 20);
        var (source, into, _) = Prepare(pool);
        var task = Start(pool, source, into);
        pool.Simulator.SetExportFull(true);
        pool.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("SR_FULL", pool.Value("task.get_error_info", task)[0]!.GetValue<string>());
        var refusal = Assert.Throws<ApiFailure>(() => pool.EmptyVdi(pool.Call("VDI.get_SR", into), Size));
        Assert.Equal("SR_FULL", refusal.Code);
        pool.Simulator.SetExportFull(false);
        pool.EmptyVdi(pool.Call("VDI.get_SR", into), Size);
    }

    [Fact]
    public void A_smaller_destination_is_refused()
    {
        using var pool = new PoolRig();
        var (_, _, vdi, _) = pool.Volume();
        var small = pool.EmptyVdi(pool.NfsSr(), 3_000_000);
        Assert.Equal(4 << 20, pool.Value("VDI.get_virtual_size", small).GetValue<long>());
        Assert.Equal("VDI_TOO_SMALL", pool.Refusal("VDI.copy", pool.Call("VDI.get_by_uuid", vdi), "OpaqueRef:NULL", "OpaqueRef:NULL", small).Code);
    }

    [Fact]
    public void Finished_tasks_are_collected_after_65_minutes()
    {
        using var pool = new PoolRig();
        var task = pool.Call("Async.SR.scan", pool.NfsSr());
        pool.Clock.Advance(TimeSpan.FromMinutes(64));
        Assert.Equal("success", pool.Call("task.get_status", task));
        pool.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("HANDLE_INVALID", pool.Refusal("task.get_status", task).Code);
    }

    [Fact]
    public void A_planned_failure_of_an_asynchronous_call_lands_in_its_task()
    {
        using var pool = new PoolRig();
        pool.Faults.On("xenserver", "SR.scan").Fail("SR_BACKEND_FAILURE_40", "", "The SR scan failed", "");
        var task = pool.Call("Async.SR.scan", pool.NfsSr());
        Assert.Equal("failure", pool.Call("task.get_status", task));
        Assert.Equal("SR_BACKEND_FAILURE_40", pool.Value("task.get_error_info", task)[0]!.GetValue<string>());
    }

    private static (string Source, string Into, byte[] Content) Prepare(PoolRig pool)
    {
        var (_, _, vdi, content) = pool.Volume();
        return (pool.Call("VDI.get_by_uuid", vdi), pool.EmptyVdi(pool.NfsSr(), Size), content);
    }

    private static string Start(PoolRig pool, string source, string into) =>
        pool.Call("Async.VDI.copy", source, "OpaqueRef:NULL", "OpaqueRef:NULL", into);
}
