using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Each proof of a revert alone: all the others hold, and nothing is put back.</summary>
public sealed class RevertProofs
{
    [Theory]
    [InlineData("running", "revert.in-use")]
    [InlineData("unknown-machine", "revert.in-use")]
    [InlineData("logged-in", "revert.in-use")]
    [InlineData("plugged", "restore.target-plugged")]
    [InlineData("granted", "revert.in-access-group")]
    [InlineData("no-snapshot", "revert.no-snapshot")]
    [InlineData("another-snapshot", "revert.no-snapshot")]
    [InlineData("full", "array.snapshots-full")]
    [InlineData("gone", "array.no-volume")]
    public async Task A_volume_is_not_put_back_while_one_proof_is_missing(string how, string code)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var key = await Reverts.KeptAsync(world);
        world.StopMachine();
        var volume = new JsonObject { ["volumeID"] = world.Volume.VolumeId };
        switch (how)
        {
            case "running": world.Cloud.SetVirtualMachineState(world.Volume.CloudStackVmId, "Running"); break;
            case "unknown-machine": world.Cloud.SetVirtualMachineState(world.Volume.CloudStackVmId, "Stopping"); break;
            case "logged-in": world.LogInStranger(world.Volume.Iqn); break;
            case "plugged": world.LeavePlugged(world.Volume); break;
            case "granted": world.SetAccess(world.Volume.VolumeId, granted: true); break;
            case "gone": world.Array.Call("DeleteVolume", volume); break;
            case "full":
                for (var more = 1; more < 32; more++) world.Array.Call("CreateSnapshot", volume.DeepClone().AsObject());
                break;
            default:
                var own = world.Array.Call("ListSnapshots")["snapshots"]![0]!;
                world.Array.Call("DeleteSnapshot", new JsonObject { ["snapshotID"] = (long)own["snapshotID"]! });
                // Of the same name, and without our mark.
                if (how == "another-snapshot") world.Array.Call("CreateSnapshot", new JsonObject { ["volumeID"] = world.Volume.VolumeId, ["name"] = (string)own["name"]! });
                break;
        }

        await using var life = new Life(world, CrashSwitch.Never);
        Assert.Equal(code, await Reverts.CodeAsync(life, key));
        Assert.Equal(0, world.Faults.CallsOf("solidfire", "RollbackToSnapshot"));
        Assert.Empty(Reverts.Saved(world));
    }
}
