using System.Text.Json.Nodes;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

/// <summary>What the client relies on, of any array: see <see cref="ArrayUnderTest"/> for how to hold a real one against it.</summary>
public sealed class ArrayContractTests
{
    [Fact]
    public async Task The_check_says_version_limits_and_rights()
    {
        await using var array = await ArrayUnderTest.StartAsync();
        var check = await array.Client.CheckAsync(default);
        Assert.Empty(check.Mend);
        Assert.True(check.Admin!.MayChangeVolumes);
        Assert.False(string.IsNullOrEmpty(check.Version));
        Assert.True(check.Limits!.SnapshotsPerVolumeMax >= 1);
        Assert.Empty(array.Client.IgnoredParameters);
    }

    [Fact]
    public async Task A_clone_is_followed_by_handle_and_by_lists_to_the_same_end()
    {
        await using var array = await ArrayUnderTest.StartAsync();
        var client = array.Client;
        var volume = await array.MakeVolumeAsync("source");
        var snapshot = await client.FindOrCreateSnapshotAsync(volume, "s", TimeSpan.FromHours(1), "key", array.Mark, [], default);
        Assert.Equal(snapshot.SnapshotId, (await client.FindOrCreateSnapshotAsync(volume, "s", TimeSpan.FromHours(1), "key", array.Mark, [], default)).SnapshotId);
        var clone = await client.CloneVolumeAsync(new() { VolumeId = volume, SnapshotId = snapshot.SnapshotId, Name = $"{array.Mark}-clone", Attributes = new JsonObject { ["key"] = array.Mark } }, default);
        array.Remember(clone.VolumeId);
        await DoneAsync(client, clone);
        Assert.Equal(CloneStanding.Done, await client.FindCloneStandingAsync(clone with { AsyncHandle = 999_999_999 }, default));
        Assert.Equal(CloneStanding.Failed, await client.FindCloneStandingAsync(clone with { AsyncHandle = 999_999_999, VolumeId = 999_999_999 }, default));
        Assert.Equal(clone.VolumeId, (await client.FindVolumeByAttributeAsync("key", array.Mark, default))!.VolumeId);
        await client.CreateSnapshotAsync(volume, "s", TimeSpan.FromHours(1), new JsonObject { ["key"] = array.Mark }, default);
        var ambiguous = await Assert.ThrowsAsync<SolidFireException>(() => client.FindSnapshotByAttributeAsync(volume, "key", array.Mark, default));
        Assert.Equal((SolidFireErrors.Ambiguous, SolidFireErrorKind.Conflict), (ambiguous.ErrorName, ambiguous.Kind));
    }

    [Fact]
    public async Task A_group_is_snapshotted_cloned_rolled_back_and_let_go()
    {
        await using var array = await ArrayUnderTest.StartAsync();
        var client = array.Client;
        var volumes = new[] { await array.MakeVolumeAsync("one"), await array.MakeVolumeAsync("two") };
        var group = await client.CreateGroupSnapshotAsync(volumes, $"{array.Mark}-group", TimeSpan.FromHours(1), new JsonObject { ["key"] = array.Mark }, default);
        Assert.Equal(volumes, group.Members.Select(member => member.VolumeId).Order());
        Assert.Equal(array.Mark, (await client.ListGroupSnapshotsAsync(default)).Single(listed => listed.GroupSnapshotId == group.GroupSnapshotId).FindAttribute("key"));
        var clones = await client.CloneMultipleVolumesAsync(
            [.. volumes.Select(volume => new CloneVolumeRequest { VolumeId = volume, Name = $"{array.Mark}-copy", Attributes = [] })], group.GroupSnapshotId, default);
        foreach (var member in clones.Members) array.Remember(member.VolumeId);
        foreach (var member in clones.Members) await DoneAsync(client, new CloneStarted { VolumeId = member.VolumeId, AsyncHandle = clones.AsyncHandle });
        await client.RollbackToGroupSnapshotAsync(group.GroupSnapshotId, saveAs: $"{array.Mark}-before", default);
        Assert.Equal(2, (await client.ListSnapshotsAsync(volumes[0], default)).Count);
        await client.DeleteGroupSnapshotAsync(group.GroupSnapshotId, keepMembers: false, default);
        await client.DeleteGroupSnapshotAsync(group.GroupSnapshotId, keepMembers: false, default);
        Assert.Equal($"{array.Mark}-before", Assert.Single(await client.ListSnapshotsAsync(volumes[0], default)).Name);
    }

    [Fact]
    public async Task A_volume_is_rolled_back_and_overwritten_by_a_copy()
    {
        await using var array = await ArrayUnderTest.StartAsync();
        var client = array.Client;
        var (volume, target) = (await array.MakeVolumeAsync("volume"), await array.MakeVolumeAsync("target"));
        var iqn = (await client.FindVolumeAsync(target, default))!.Iqn;
        var snapshot = await client.CreateSnapshotAsync(volume, "good", TimeSpan.FromHours(1), [], default);
        Assert.Equal("before", (await client.RollbackToSnapshotAsync(volume, snapshot.SnapshotId, "before", default))!.Name);
        Assert.Null(await client.RollbackToSnapshotAsync(volume, snapshot.SnapshotId, saveAs: null, default));
        var copy = await client.CopyVolumeAsync(volume, target, snapshot.SnapshotId, default);
        await DoneAsync(client, copy);
        Assert.Equal(iqn, (await client.FindVolumeAsync(target, default))!.Iqn);
        await client.CancelCloneAsync(copy.CloneId, default);
    }

    [Fact]
    public async Task Schedules_policies_space_events_and_faults_can_be_read_and_schedules_made()
    {
        await using var array = await ArrayUnderTest.StartAsync();
        var client = array.Client;
        var volume = await array.MakeVolumeAsync("scheduled");
        var schedule = await client.CreateScheduleAsync(new()
        {
            Name = array.Mark, VolumeIds = [volume], SnapshotName = "auto", Retention = TimeSpan.FromHours(36), Paused = true,
            Frequency = new ScheduleFrequency.Weekly([DayOfWeek.Sunday, DayOfWeek.Wednesday], new TimeOnly(3, 30)),
        }, default);
        array.RememberSchedule(schedule);
        var listed = (await client.ListSchedulesAsync(default)).Single(entry => entry.ScheduleId == schedule);
        Assert.Equal((array.Mark, volume, "36:00:00", true), (listed.Name, listed.Info.VolumeId, listed.Info.Retention, listed.Paused));
        await client.PauseScheduleAsync(schedule, paused: false, default);
        Assert.False((await client.ListSchedulesAsync(default)).Single(entry => entry.ScheduleId == schedule).Paused);
        await client.DeleteScheduleAsync(schedule, default);
        Assert.DoesNotContain(await client.ListSchedulesAsync(default), entry => entry.ScheduleId == schedule);
        await client.DeleteScheduleAsync(schedule, default);

        var capacity = await client.GetClusterCapacityAsync(default);
        Assert.True(capacity.HasRoomFor(1) && capacity.UsedShare is >= 0 and <= 1);
        Assert.Equal(capacity.ProvisionedBytes, (capacity.ZeroBlocks + capacity.NonZeroBlocks) * 4096);
        var events = await client.ListEventsAsync(0, "apiEvent", 50, default);
        Assert.Equal(events.Select(entry => entry.EventId).Order(), events.Select(entry => entry.EventId));
        Assert.All(await client.ListClusterFaultsAsync(resolvedToo: false, default), fault => Assert.False(fault.Resolved));
        Assert.True((await client.GetDefaultQosAsync(default)).MaxIops > 0);
        Assert.Equal(volume, (await client.GetVolumeStatsAsync(volume, default)).VolumeId);
        var policy = await client.CreateQosPolicyAsync(array.Mark, new() { MinIops = 100, MaxIops = 1000, BurstIops = 1000 }, default);
        Assert.Contains(await client.ListQosPoliciesAsync(default), entry => entry.QosPolicyId == policy.QosPolicyId);
        await client.DeleteQosPolicyAsync(policy.QosPolicyId, default);
        await client.DeleteQosPolicyAsync(policy.QosPolicyId, default);
    }

    private static async Task DoneAsync(SolidFireClient client, CloneStarted clone) => await Appliances.UntilAsync(async () =>
        await client.FindCloneStandingAsync(clone, default) switch
        {
            CloneStanding.Done => "done",
            CloneStanding.Running => null,
            var other => throw new InvalidOperationException($"The clone stands at {other}."),
        });
}
