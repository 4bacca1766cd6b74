using System.Text.Json.Nodes;
using SnapshotWorkflows.Activities.RestoreSteps;
using SnapshotWorkflows.Activities.VolumeSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Simulators.XenServer;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>A volume that a restore has made a moment ago, and that the copy host reaches: all that CreateSr asks for holds.</summary>
internal sealed record BlankVolume(CrashWorld World, Life Life, InventoryHost Host, SrInput Input)
{
    public static readonly RequestKey Key = new(new string('f', 32));

    public long Id => Input.Lun.Volume.VolumeId;

    public IntentLedger Intents => Life.Get<IntentLedger>();

    public static async Task<BlankVolume> MakeAsync(CrashWorld world, Life life, CancellationToken cancellation)
    {
        var cluster = (await life.Get<SolidFireArrays>().OpenAsync(null, cancellation)).Cluster.Uuid;
        var lun = await life.Step<CreateVolume>().RunAsync(null!, new CreateVolumeInput(Key, new NewVolumePlan(cluster, 1, "back", 1_000_000_000), Qos: null));
        var host = world.Backup.Inventory().Hosts[0];
        await life.Step<GrantAccess>().RunAsync(null!, new AccessInput(Key, lun.Volume, host.InitiatorIqn));
        return new BlankVolume(world, life, host, new SrInput(Key, "backup", host.Uuid, ResignStrategies.Dedicated, lun, SourceSrUuid: ""));
    }

    /// <summary>A call to the array about the volume.</summary>
    public void Call(string method, JsonObject? parameters = null)
    {
        var call = parameters ?? [];
        call["volumeID"] = Id;
        World.Array.Call(method, call);
    }

    /// <summary>Puts it into the access group of a pool, or takes it out.</summary>
    public void Access(string verb, string group) => World.Array.Call(verb, new JsonObject { ["volumeAccessGroupID"] = World.Group(group), ["volumes"] = new JsonArray(Id) });

    /// <summary>Its whole mark, with one part changed or one more.</summary>
    public void Mark(string name, string value)
    {
        var mark = new JsonObject { ["swf-installation"] = "crash-test", ["swf-key"] = Key.Value, ["swf-role"] = "volume", ["swf-created"] = "2026-01-01T00:00:00Z" };
        mark[name] = value;
        Call("ModifyVolume", new JsonObject { ["attributes"] = mark });
    }

    /// <summary>Bytes that hosts wrote to it, by the array's count.</summary>
    public long Written => (long)World.Array.Call("GetVolumeStats", new JsonObject { ["volumeID"] = Id })["volumeStats"]!["writeBytes"]!;
}
