using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.SolidFire;

/// <summary>Copies, group clones, bulk jobs, rollbacks.</summary>
public sealed class JobTests : IDisposable
{
    private readonly Array array = new();

    public void Dispose() => array.Dispose();

    [Fact]
    public async Task A_copy_replaces_the_content_at_its_end_and_keeps_what_the_target_is()
    {
        var (source, target) = (await array.CreateVolume("source"), await array.CreateVolume("target", 2_000_000_000));
        Write(source, 5);
        var iqn = array.Iqn(target);
        var copy = await array.Call("CopyVolume", new JsonObject { ["volumeID"] = source, ["dstVolumeID"] = target });
        Write(source, 6);
        Assert.Equal(0, Read(target));
        array.Clock.Advance(TimeSpan.FromSeconds(10));
        array.Simulator.Step();
        Assert.Equal(5, Read(target));
        Assert.Equal(iqn, array.Iqn(target));
        var result = await array.Call("GetAsyncResult", new JsonObject { ["asyncHandle"] = (long)copy["asyncHandle"]!, ["keepResult"] = true });
        Assert.Equal(("complete", "Clone", source), ((string?)result["status"], (string?)result["resultType"], (long)result["result"]!["volumeID"]!));
        Assert.Equal("xInvalidAPIParameter", await array.Error("CopyVolume", new JsonObject { ["volumeID"] = target, ["dstVolumeID"] = source }));
    }

    [Fact]
    public async Task A_group_is_cloned_together_or_cancelled_together()
    {
        var (first, second) = (await array.CreateVolume("one"), await array.CreateVolume("two"));
        Write(first, 1);
        Write(second, 2);
        var group = (long)(await array.Call("CreateGroupSnapshot", new JsonObject { ["volumes"] = new JsonArray(first, second) }))["groupSnapshotID"]!;
        Write(first, 9);
        var body = new JsonObject
        {
            ["groupSnapshotID"] = group,
            ["volumes"] = new JsonArray(new JsonObject { ["volumeID"] = first, ["name"] = "c1" }, new JsonObject { ["volumeID"] = second, ["name"] = "c2" }),
        };
        var cancelled = await array.Call("CloneMultipleVolumes", (JsonObject)body.DeepClone());
        await array.Call("CancelGroupClone", new JsonObject { ["groupCloneID"] = (long)cancelled["groupCloneID"]! });
        Assert.Equal([first, second], array.Simulator.Inventory()["volumes"]!.AsArray().Select(volume => (long)volume!["id"]!));
        var cloned = await array.Call("CloneMultipleVolumes", body);
        Assert.Equal([first, second], await array.ListedVolumes());
        array.Clock.Advance(TimeSpan.FromSeconds(10));
        var made = cloned["members"]!.AsArray().Select(member => (long)member!["volumeID"]!).ToList();
        Assert.Equal([first, second, .. made], await array.ListedVolumes());
        Assert.Equal((1, 2), (Read(made[0]), Read(made[1])));
    }

    [Fact]
    public async Task A_rollback_puts_the_content_back_and_can_save_what_there_was()
    {
        var volume = await array.CreateVolume();
        Write(volume, 1);
        var snapshot = await array.CreateSnapshot(volume, new JsonObject { ["name"] = "good" });
        Write(volume, 2);
        var answer = await array.Call("RollbackToSnapshot", new JsonObject { ["volumeID"] = volume, ["snapshotID"] = snapshot, ["saveCurrentState"] = true });
        Assert.Equal(1, Read(volume));
        Assert.Equal("good-copy", (string?)answer["snapshot"]!["name"]);
        var saved = (long)answer["snapshotID"]!;
        answer = await array.Call("RollbackToSnapshot", new JsonObject { ["volumeID"] = volume, ["snapshotID"] = saved, ["saveCurrentState"] = false });
        Assert.Equal(2, Read(volume));
        Assert.Null(answer["snapshotID"]);
        Assert.Equal([snapshot, saved], await array.ListedSnapshots(volume));
    }

    [Fact]
    public async Task A_bulk_read_is_listed_while_it_runs_and_its_end_is_in_the_handle()
    {
        var volume = await array.CreateVolume();
        var started = await array.Call("StartBulkVolumeRead", new JsonObject { ["volumeID"] = volume, ["format"] = "native", ["script"] = "bv_internal.py", ["scriptParameters"] = new JsonObject { ["range"] = new JsonObject { ["lba"] = 0, ["blocks"] = 244224 } } });
        Assert.Equal(32, ((string?)started["key"])!.Length);
        array.Clock.Advance(TimeSpan.FromSeconds(10));
        var job = (await array.Call("ListBulkVolumeJobs"))["bulkVolumeJobs"]![0]!;
        Assert.Equal((50, "running", "read"), ((int)job["percentComplete"]!, (string?)job["status"], (string?)job["type"]));
        array.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty((await array.Call("ListBulkVolumeJobs"))["bulkVolumeJobs"]!.AsArray());
        var result = await array.Call("GetAsyncResult", new JsonObject { ["asyncHandle"] = (long)started["asyncHandle"]! });
        Assert.Equal("Bulk volume job succeeded", (string?)result["result"]!["message"]);
        Assert.Equal("xBulkVolumeIDDoesNotExist", await array.Error("UpdateBulkVolumeStatus", new JsonObject { ["key"] = (string?)started["key"], ["status"] = "running" }));
    }

    [Fact]
    public async Task A_volume_of_200_GiB_is_made_snapshotted_cloned_and_deleted_in_under_a_second_each_and_takes_what_was_written()
    {
        var folder = Directory.CreateTempSubdirectory("array-");
        try
        {
            using var store = SparseVolumeStore.InDirectory(folder.FullName);
            using var state = new SqliteStateStore(Path.Combine(folder.FullName, "state.db"));
            using var big = new Array(new() { CloneTime = TimeSpan.Zero, State = state }, store);
            var times = new List<(string What, TimeSpan Took)>();
            async Task<T> Timed<T>(string what, Func<Task<T>> act)
            {
                var began = TimeProvider.System.GetTimestamp();
                var result = await act();
                times.Add((what, TimeProvider.System.GetElapsedTime(began)));
                return result;
            }

            var volume = await Timed("create", () => big.CreateVolume("big", 200L << 30));
            await big.GroupWithHost(volume);
            using (var session = big.Simulator.Login(Array.HostIqn, big.Iqn(volume))!)
            {
                for (var i = 0; i < 64; i++)
                {
                    session.Lun.Write(i * (3L << 30), Content(i));
                }
            }

            var snapshot = await Timed("snapshot", () => big.CreateSnapshot(volume));
            var clone = await Timed("clone", () => big.Clone(volume, snapshot));
            Assert.Equal(64L << 20, store.AllocatedBlocks * store.BlockSize);
            await Timed("delete", () => big.Call("DeleteVolume", new JsonObject { ["volumeID"] = volume }));
            await Timed("purge", () => big.Call("PurgeDeletedVolume", new JsonObject { ["volumeID"] = volume }));
            Assert.All(times, time => Assert.True(time.Took < TimeSpan.FromSeconds(1), $"{time.What} took {time.Took}"));
            Assert.Equal(64L << 20, store.AllocatedBlocks * store.BlockSize);
            // 64 MiB of content and at most 64 leaves of 4 KiB for each device, beside small change.
            Assert.InRange(OnDisk(folder.FullName), 64L << 20, 67L << 20);
            await big.Call("AddVolumesToVolumeAccessGroup", new JsonObject { ["volumeAccessGroupID"] = 1, ["volumes"] = new JsonArray((long)clone["volumeID"]!) });
            using var reading = big.Simulator.Login(Array.HostIqn, big.Iqn((long)clone["volumeID"]!))!;
            var read = new byte[1 << 20];
            reading.Lun.Read(63 * (3L << 30), read);
            Assert.Equal(Content(63), read);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static byte[] Content(int seed)
    {
        var content = new byte[1 << 20];
        new Random(seed).NextBytes(content);
        return content;
    }

    /// <summary>What the file system has given out for the folder, in bytes.</summary>
    private static long OnDisk(string folder)
    {
        using var du = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("du", ["-s", "--block-size=1", folder]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        return long.Parse(du.StandardOutput.ReadToEnd().Split('\t')[0]);
    }

    private void Write(long volume, byte value) => OnLun(volume, lun => lun.Write(4096, [value]));

    private int Read(long volume)
    {
        var value = new byte[1];
        OnLun(volume, lun => lun.Read(4096, value));
        return value[0];
    }

    private void OnLun(long volume, Action<ILun> act)
    {
        var account = array.Simulator.Call("ListAccounts")["accounts"]![0]!;
        using var session = array.Simulator.Login(new InitiatorLogin("iqn.2026-01.test:any", array.Iqn(volume), (string)account["username"]!))!;
        act(session.Lun);
    }
}
