using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

public sealed class ChangedBlocksTests
{
    [Fact]
    public void Only_what_was_written_between_two_snapshots_is_told()
    {
        using var pool = new PoolRig();
        var (_, _, uuid, _) = pool.Volume();
        var vdi = pool.Call("VDI.get_by_uuid", uuid);
        pool.Value("VDI.enable_cbt", vdi);
        pool.Value("VDI.enable_cbt", vdi);
        Assert.True(pool.Value("VDI.get_cbt_enabled", vdi).GetValue<bool>());
        var first = pool.Call("VDI.snapshot", vdi);
        pool.World.WriteVdi(uuid, 0, new byte[1]);
        pool.World.WriteVdi(uuid, (3 * 65536) - 1, new byte[2]);
        var second = pool.Call("VDI.snapshot", vdi);
        pool.World.WriteVdi(uuid, 10 * 65536, new byte[65536]);
        var third = pool.Call("VDI.snapshot", vdi);
        Assert.Equal([0, 2, 3], Changed(pool, first, second));
        Assert.Equal([10], Changed(pool, second, third));
        Assert.Equal([0, 2, 3, 10], Changed(pool, first, third));
        Assert.Equal([0, 2, 3, 10], Changed(pool, first, vdi));
        Assert.Equal("SR_BACKEND_FAILURE_460", pool.Refusal("VDI.list_changed_blocks", third, first).Code);
    }

    [Fact]
    public void A_snapshot_whose_data_is_destroyed_still_tells_and_one_that_is_destroyed_hands_on_what_it_knew()
    {
        using var pool = new PoolRig();
        var (_, sr, uuid, _) = pool.Volume();
        var vdi = pool.Call("VDI.get_by_uuid", uuid);
        pool.Value("VDI.enable_cbt", vdi);
        var first = pool.Call("VDI.snapshot", vdi);
        pool.World.WriteVdi(uuid, 65536, new byte[1]);
        var second = pool.Call("VDI.snapshot", vdi);
        pool.World.WriteVdi(uuid, 2 * 65536, new byte[1]);
        var third = pool.Call("VDI.snapshot", vdi);
        pool.Value("VDI.data_destroy", first);
        pool.Value("VDI.data_destroy", first);
        Assert.Equal("cbt_metadata", pool.Call("VDI.get_type", first));
        Assert.Equal(["VDI_INCOMPATIBLE_TYPE", first, "cbt_metadata"], pool.Refusal("VDI.copy", first, pool.NfsSr()).Description);
        pool.Value("SR.scan", pool.Call("SR.get_by_uuid", sr));
        pool.Value("VDI.destroy", second);
        Assert.Equal([1, 2], Changed(pool, first, third));
        Assert.Equal("OPERATION_NOT_ALLOWED", pool.Refusal("VDI.data_destroy", vdi).Code);
        Assert.Equal("VDI_NO_CBT_METADATA", pool.Refusal("VDI.data_destroy", Untracked(pool, third)).Code);
    }

    [Fact]
    public void Old_pools_know_neither_changed_blocks_nor_nbd()
    {
        using var pool = new PoolRig(version: "7.1");
        var (_, _, uuid, _) = pool.Volume();
        var vdi = pool.Call("VDI.get_by_uuid", uuid);
        Assert.Equal("MESSAGE_METHOD_UNKNOWN", pool.Refusal("VDI.enable_cbt", vdi).Code);
        Assert.Equal("MESSAGE_METHOD_UNKNOWN", pool.Refusal("VDI.get_nbd_info", vdi).Code);
        Assert.Null(pool.Value("VDI.get_record", vdi)["cbt_enabled"]);
    }

    private static string Untracked(PoolRig pool, string snapshot)
    {
        var vdi = pool.Call("VDI.get_snapshot_of", snapshot);
        pool.Value("VDI.disable_cbt", vdi);
        return pool.Call("VDI.snapshot", vdi);
    }

    private static int[] Changed(PoolRig pool, string from, string to)
    {
        var bits = Convert.FromBase64String(pool.Call("VDI.list_changed_blocks", from, to));
        return [.. Enumerable.Range(0, bits.Length * 8).Where(i => (bits[i / 8] & (0x80 >> (i % 8))) != 0)];
    }
}
