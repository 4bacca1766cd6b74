using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.Fabric;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.SolidFire;

/// <summary>A cluster that comes back is the cluster that went.</summary>
public sealed class StateTests : IDisposable
{
    private static readonly string[] Lists =
    [
        "ListVolumes", "ListSnapshots", "ListGroupSnapshots", "ListAccounts", "ListVolumeAccessGroups", "ListInitiators", "ListQoSPolicies", "ListSchedules",
        "ListAsyncResults", "ListEvents", "ListClusterFaults", "ListClusterAdmins", "GetDefaultQoS",
    ];

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("array-");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_was_done_is_there_after_a_restart(int seed)
    {
        var random = new Random(seed);
        var before = await Live(async array =>
        {
            var volumes = new List<long>();
            for (var step = 0; step < 120; step++)
            {
                await Act(array, random, volumes);
                array.Clock.Advance(TimeSpan.FromSeconds(random.Next(20)));
            }

            array.Simulator.SetFault("nodeOffline", "error", "node", "Node 3 is away", resolved: false);
            return await Everything(array);
        });
        Assert.Equal(before, await Live(Everything));
    }

    [Fact]
    public async Task Numbers_go_on_and_changed_content_never_has_an_old_checksum()
    {
        var (volume, first) = await Live(async array =>
        {
            var made = await array.CreateVolume();
            await array.GroupWithHost(made);
            using var session = array.Simulator.Login(Array.HostIqn, array.Iqn(made))!;
            session.Lun.Write(0, [1]);
            var snapshot = await array.CreateSnapshot(made);
            // After the last save: a process that is killed now has not noted that the volume changed.
            session.Lun.Write(0, [2]);
            return (made, await Checksum(array, snapshot));
        });
        await Live(async array =>
        {
            Assert.Equal(volume + 1, await array.CreateVolume("next"));
            var second = await array.CreateSnapshot(volume);
            Assert.NotEqual(first, await Checksum(array, second));
            using var session = array.Simulator.Login(Array.HostIqn, array.Iqn(volume))!;
            var read = new byte[1];
            session.Lun.Read(0, read);
            Assert.Equal(2, read[0]);
            return 0;
        });
    }

    private static async Task<string> Checksum(Array array, long snapshot) =>
        (string)(await array.Call("ListSnapshots", new JsonObject { ["snapshotID"] = snapshot }))["snapshots"]![0]!["checksum"]!;

    private static async Task<string> Everything(Array array)
    {
        var all = new JsonObject();
        foreach (var list in Lists)
        {
            all[list] = (await array.Call(list)).DeepClone();
        }

        return all.ToJsonString(new() { WriteIndented = true });
    }

    /// <summary>Errors are part of life here; only what stands afterwards is compared.</summary>
    private static async Task Act(Array array, Random random, List<long> volumes)
    {
        long Any() => volumes.Count == 0 ? 0 : volumes[random.Next(volumes.Count)];
        var (method, parameters) = random.Next(14) switch
        {
            0 or 1 => ("CreateVolume", new JsonObject { ["name"] = $"v{random.Next(9)}", ["accountID"] = array.AccountId, ["totalSize"] = 1_000_000_000, ["enable512e"] = true, ["attributes"] = new JsonObject { ["n"] = random.Next() } }),
            2 or 3 => ("CreateSnapshot", new JsonObject { ["volumeID"] = Any(), ["name"] = "s", ["retention"] = random.Next(2) == 0 ? "00:01:00" : "fifo" }),
            4 => ("CloneVolume", new JsonObject { ["volumeID"] = Any(), ["name"] = "c" }),
            5 => ("DeleteVolume", new JsonObject { ["volumeID"] = Any() }),
            6 => ("PurgeDeletedVolume", new JsonObject { ["volumeID"] = Any() }),
            7 => ("RestoreDeletedVolume", new JsonObject { ["volumeID"] = Any() }),
            8 => ("CreateVolumeAccessGroup", new JsonObject { ["name"] = "g", ["initiators"] = new JsonArray($"iqn.2026-01.test:{random.Next(50)}"), ["volumes"] = new JsonArray(Any()) }),
            9 => ("CreateGroupSnapshot", new JsonObject { ["volumes"] = new JsonArray(Any(), Any()) }),
            10 => ("CreateQoSPolicy", new JsonObject { ["name"] = "p", ["qos"] = new JsonObject { ["minIOPS"] = 100 } }),
            11 => ("ModifyVolume", new JsonObject { ["volumeID"] = Any(), ["qosPolicyID"] = 1, ["attributes"] = new JsonObject { ["m"] = 1 }, ["totalSize"] = 2_000_000_000 }),
            12 => ("CreateSchedule", new JsonObject { ["scheduleName"] = "x", ["scheduleType"] = "snapshot", ["attributes"] = new JsonObject { ["frequency"] = "Time Interval" }, ["minutes"] = 5, ["recurring"] = true, ["scheduleInfo"] = new JsonObject { ["volumeID"] = Any(), ["retention"] = "fifo" } }),
            _ => ("CopyVolume", new JsonObject { ["volumeID"] = Any(), ["dstVolumeID"] = Any() }),
        };
        var answer = await array.Post(method, parameters);
        if (answer["result"]?["volumeID"] is { } made && method is "CreateVolume" or "CloneVolume")
        {
            volumes.Add((long)made);
        }
    }

    private DateTimeOffset? clock;

    /// <summary>One life of a cluster over the folder. Time goes on where it stood.</summary>
    private async Task<T> Live<T>(Func<Array, Task<T>> act)
    {
        using var store = SparseVolumeStore.InDirectory(Path.Combine(folder.FullName, "blocks"), 4096);
        using var state = new SqliteStateStore(Path.Combine(folder.FullName, "state.db"));
        using var array = new Array(new() { CloneTime = TimeSpan.FromSeconds(10), State = state }, store, clock);
        var result = await act(array);
        clock = array.Clock.GetUtcNow();
        return result;
    }
}
