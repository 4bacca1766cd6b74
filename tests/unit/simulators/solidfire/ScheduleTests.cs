using System.Text.Json.Nodes;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Simulators.SolidFire;

/// <summary>Snapshots that the cluster takes by itself.</summary>
public sealed class ScheduleTests : IDisposable
{
    private readonly Array array = new();

    public void Dispose() => array.Dispose();

    [Fact]
    public async Task An_interval_takes_snapshots_of_one_name_and_fifo_retention_drops_the_oldest()
    {
        var volume = await array.CreateVolume(more: new JsonObject { ["fifoSize"] = 3 });
        var schedule = await Create("Time Interval", new JsonObject { ["minutes"] = 10, ["recurring"] = true }, new JsonObject { ["volumeID"] = volume, ["name"] = "auto", ["retention"] = "fifo" });
        Assert.Equal(volume.ToString(), (string?)schedule["scheduleInfo"]!["volumeID"]);
        Assert.Equal(("Snapshot", "Success", null), ((string?)schedule["scheduleType"], (string?)schedule["lastRunStatus"], schedule["lastRunTimeStarted"]));
        for (var i = 0; i < 5; i++)
        {
            array.Clock.Advance(TimeSpan.FromMinutes(10));
            array.Simulator.Step();
        }

        var snapshots = (await array.Call("ListSnapshots"))["snapshots"]!.AsArray();
        Assert.Equal(3, snapshots.Count);
        Assert.All(snapshots, snapshot => Assert.Equal(("auto", "fifo"), ((string?)snapshot!["name"], (string?)snapshot["expirationTime"])));
        Assert.Equal([1003, 1004, 1005], snapshots.Select(snapshot => (long)snapshot!["snapshotID"]!));
        var events = (await array.Call("ListEvents", new JsonObject { ["eventType"] = "schedulerEvent" }))["events"]!.AsArray();
        Assert.Equal(5, events.Count);
    }

    [Fact]
    public async Task Days_of_the_week_and_of_the_month_hit_their_days_only()
    {
        // The clock stands at a Sunday, 2026-03-01 12:00.
        var volume = await array.CreateVolume();
        var weekly = await Create("Days Of Week", new JsonObject { ["hours"] = 3, ["minutes"] = 30, ["recurring"] = true, ["weekdays"] = new JsonArray(new JsonObject { ["day"] = 2, ["offset"] = 3 }) },
            new JsonObject { ["volumeID"] = volume, ["name"] = "tuesday" });
        Assert.Equal((2, 3), ((int)weekly["weekdays"]![0]!["day"]!, (int)weekly["weekdays"]![0]!["offset"]!));
        await Create("days of month", new JsonObject { ["hours"] = 4, ["recurring"] = false, ["monthdays"] = new JsonArray(5) }, new JsonObject { ["volumeID"] = volume, ["name"] = "fifth" });
        for (var i = 0; i < 14 * 24; i++)
        {
            array.Clock.Advance(TimeSpan.FromHours(1));
            array.Simulator.Step();
        }

        var taken = (await array.Call("ListSnapshots"))["snapshots"]!.AsArray().Select(snapshot => $"{(string?)snapshot!["name"]} {(string?)snapshot["createTime"]}");
        Assert.Equal(["tuesday 2026-03-03T04:00:00Z", "fifth 2026-03-05T04:00:00Z", "tuesday 2026-03-10T04:00:00Z"], taken);
    }

    [Fact]
    public async Task A_schedule_that_cannot_run_says_so_and_one_that_is_deleted_is_gone()
    {
        var volume = await array.CreateVolume();
        var id = (long)(await Create("Time Interval", new JsonObject { ["hours"] = 1, ["recurring"] = true }, new JsonObject { ["volumeID"] = volume }))["scheduleID"]!;
        await array.Call("DeleteVolume", new JsonObject { ["volumeID"] = volume });
        array.Clock.Advance(TimeSpan.FromHours(1));
        var failed = (await array.Call("GetSchedule", new JsonObject { ["scheduleID"] = id }))["schedule"]!;
        Assert.Equal(("xVolumeIDDoesNotExist", true), ((string?)failed["lastRunStatus"], (bool)failed["hasError"]!));
        await array.Call("ModifySchedule", new JsonObject { ["scheduleID"] = id, ["scheduleType"] = "snapshot", ["toBeDeleted"] = true });
        Assert.Equal("xScheduleIDDoesNotExist", await array.Error("GetSchedule", new JsonObject { ["scheduleID"] = id }));
        Assert.Equal("xInvalidAPIParameter", await array.Error("CreateSchedule", Body("Time Interval", new JsonObject { ["minutes"] = 1 }, new JsonObject { ["volumeID"] = await array.CreateVolume() })));
    }

    private static JsonObject Body(string frequency, JsonObject more, JsonObject info)
    {
        more["scheduleName"] = "nightly";
        more["scheduleType"] = "snapshot";
        more["attributes"] = new JsonObject { ["frequency"] = frequency };
        more["scheduleInfo"] = info;
        return more;
    }

    private async Task<JsonNode> Create(string frequency, JsonObject more, JsonObject info) => (await array.Call("CreateSchedule", Body(frequency, more, info)))["schedule"]!;
}
