using System.Text.Json.Nodes;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

public sealed class SolidFireContractTests
{
    [Fact]
    public async Task The_check_finds_a_cluster_that_is_ready()
    {
        await using var world = await Appliances.StartAsync();
        var check = await world.ArrayClient.CheckAsync(default);
        Assert.Empty(check.Mend);
        Assert.True(check.Ready);
        Assert.Equal(world.Array.Options.UniqueId, check.Cluster!.UniqueId);
        Assert.Equal(32, check.Limits!.SnapshotsPerVolumeMax);
        Assert.False(string.IsNullOrEmpty(check.Version));
    }

    [Fact]
    public async Task Wrong_credentials_and_a_wrong_version_say_what_to_mend()
    {
        await using var world = await Appliances.StartAsync();
        var password = await world.NewArrayClient(Copy(world, options => options.Password = "no")).CheckAsync(default);
        Assert.Contains("SolidFire:Password", Assert.Single(password.Mend), StringComparison.Ordinal);
        var version = await world.NewArrayClient(Copy(world, options => options.Endpoint = new Uri(options.Endpoint!, "/json-rpc/99.9"))).CheckAsync(default);
        Assert.Contains("SolidFire:Endpoint", Assert.Single(version.Mend), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_snapshot_is_taken_found_changed_and_deleted_twice()
    {
        await using var world = await Appliances.StartAsync();
        var (volume, _, _, _) = world.MakeVolume([1]);
        var client = world.ArrayClient;
        var made = await client.CreateSnapshotAsync(volume, "swf-k1-snap", TimeSpan.FromHours(48), new JsonObject { ["key"] = "k1" }, default);
        Assert.NotNull(made.ExpiresAt);
        var found = Assert.Single(await client.ListSnapshotsAsync(volume, default));
        Assert.Equal((made.SnapshotId, "swf-k1-snap", "k1", volume), (found.SnapshotId, found.Name, found.FindAttribute("key"), found.VolumeId));
        await client.ModifySnapshotAsync(made.SnapshotId, null, default);
        Assert.Null((await client.FindSnapshotAsync(volume, made.SnapshotId, default))!.ExpiresAt);
        await client.DeleteSnapshotAsync(made.SnapshotId, default);
        await client.DeleteSnapshotAsync(made.SnapshotId, default);
        Assert.Null(await client.FindSnapshotAsync(volume, made.SnapshotId, default));
        Assert.Empty(await client.ListSnapshotsAsync(999_999, default));
    }

    [Fact]
    public async Task A_clone_is_unseen_until_it_is_made_and_then_bears_its_own_marks()
    {
        await using var world = await Appliances.StartAsync(cloneTime: TimeSpan.FromMilliseconds(600));
        var (volume, _, _, _) = world.MakeVolume([1]);
        var client = world.ArrayClient;
        var started = await CloneAsync(client, volume);
        Assert.Null(await client.FindVolumeAsync(started.VolumeId, default));
        Assert.Contains(await client.ListSyncJobsAsync(default), job => job.IsClone && job.DestinationVolumeId == started.VolumeId && job.SourceVolumeId == volume);
        await DoneAsync(client, started.AsyncHandle);
        var clone = await client.FindVolumeAsync(started.VolumeId, default);
        Assert.Equal(("swf-k1-clone", "k1", true), (clone!.Name, clone.FindAttribute("key"), clone.IsActive));
        Assert.Contains(await client.ListAsyncResultsAsync(default), entry => entry.AsyncHandle == started.AsyncHandle && entry.Completed && entry.Success);
        // Asking again is safe: the result is kept.
        Assert.Equal(AsyncState.Succeeded, (await client.GetAsyncResultAsync(started.AsyncHandle, default)).State);
        Assert.Equal(AsyncState.UnknownHandle, (await client.GetAsyncResultAsync(999_999, default)).State);
    }

    [Fact]
    public async Task A_clone_whose_answer_is_lost_was_made_once_and_is_found_by_its_mark()
    {
        await using var world = await Appliances.StartAsync();
        var (volume, _, _, _) = world.MakeVolume([1]);
        world.Faults.On("solidfire", "CloneVolume").DropAnswer();
        await Assert.ThrowsAsync<SolidFireOutcomeUnknownException>(() => CloneAsync(world.ArrayClient, volume));
        var clone = await Appliances.UntilAsync(async () =>
            (await world.ArrayClient.ListVolumesAsync(new() { Name = "swf-k1-clone" }, default)).SingleOrDefault(found => found.FindAttribute("key") == "k1"));
        Assert.True(clone.IsActive);
        Assert.Equal(1, world.Faults.CallsOf("solidfire", "CloneVolume"));
    }

    [Fact]
    public async Task Reads_go_on_over_broken_connections_and_passing_errors()
    {
        await using var world = await Appliances.StartAsync();
        var (volume, _, _, _) = world.MakeVolume([1]);
        world.Faults.On("solidfire", "ListVolumes").DropRequest();
        world.Faults.On("solidfire", "ListVolumes", occurrence: 2).Fail("xDBVersionMismatch", "retry");
        world.Faults.On("solidfire", "ListVolumes", occurrence: 3).HttpStatus(503);
        Assert.NotNull(await world.ArrayClient.FindVolumeAsync(volume, default));
        Assert.True(world.Faults.AllFired());
    }

    [Fact]
    public async Task A_deleted_volume_is_listed_restored_purged_and_gone()
    {
        await using var world = await Appliances.StartAsync();
        var client = world.ArrayClient;
        var account = (long)world.Array.Call("AddAccount", new() { ["username"] = "tenant" })["accountID"]!;
        Assert.Equal(account, (await client.FindAccountAsync("tenant", default))!.AccountId);
        Assert.Null(await client.FindAccountAsync("nobody", default));
        var volume = await client.CreateVolumeAsync("v", account, 1_000_000_000, true, new JsonObject { ["key"] = "k1" }, new() { MinIops = 50, MaxIops = 5000, BurstIops = 5000 }, default);
        await client.ModifyVolumeAsync(volume, new() { Attributes = new JsonObject { ["key"] = "k2" }, Qos = new() { MinIops = 100, MaxIops = 6000, BurstIops = 7000 } }, default);
        var changed = await client.FindVolumeAsync(volume, default);
        Assert.Equal(("k2", 6000L), (changed!.FindAttribute("key"), changed.Qos!.MaxIops));
        Assert.True(changed.TotalBytes >= 1_000_000_000);
        var purge = await Assert.ThrowsAsync<SolidFireException>(() => client.PurgeDeletedVolumeAsync(volume, default));
        Assert.NotEqual(SolidFireErrorKind.OutcomeUnknown, purge.Kind);
        await client.DeleteVolumeAsync(volume, default);
        await client.DeleteVolumeAsync(volume, default);
        Assert.NotNull(Assert.Single(await client.ListDeletedVolumesAsync(default)).PurgesAt);
        await client.RestoreDeletedVolumeAsync(volume, default);
        Assert.True((await client.FindVolumeAsync(volume, default))!.IsActive);
        await client.DeleteVolumeAsync(volume, default);
        await client.PurgeDeletedVolumeAsync(volume, default);
        await client.PurgeDeletedVolumeAsync(volume, default);
        await client.DeleteVolumeAsync(volume, default);
        Assert.Null(await client.FindVolumeAsync(volume, default));
    }

    [Fact]
    public async Task Membership_in_an_access_group_can_be_set_twice_either_way()
    {
        await using var world = await Appliances.StartAsync();
        var (volume, _, _, _) = world.MakeVolume([1]);
        var client = world.ArrayClient;
        var group = world.Groups["backup"];
        await client.AddVolumesToVolumeAccessGroupAsync(group, [volume], default);
        await client.AddVolumesToVolumeAccessGroupAsync(group, [volume], default);
        Assert.Contains(volume, (await client.ListVolumeAccessGroupsAsync(default)).Single(found => found.VolumeAccessGroupId == group).VolumeIds);
        await client.RemoveVolumesFromVolumeAccessGroupAsync(group, [volume], default);
        await client.RemoveVolumesFromVolumeAccessGroupAsync(group, [volume], default);
        Assert.DoesNotContain(group, (await client.FindVolumeAsync(volume, default))!.AccessGroupIds);
        Assert.Equal(2, (await client.ListIscsiSessionsAsync(volume, default)).Count);
        var made = await client.CreateVolumeAccessGroupAsync("swf", ["iqn.2026-01.test:third"], [volume], new JsonObject { ["key"] = "k1" }, default);
        Assert.Contains(made, (await client.FindVolumeAsync(volume, default))!.AccessGroupIds);
    }

    internal static Task<CloneStarted> CloneAsync(SolidFireClient client, long volume, long? snapshot = null) =>
        client.CloneVolumeAsync(new() { VolumeId = volume, SnapshotId = snapshot, Name = "swf-k1-clone", Attributes = new JsonObject { ["key"] = "k1" } }, default);

    internal static Task<AsyncResult> DoneAsync(SolidFireClient client, long handle) => Appliances.UntilAsync(async () =>
        await client.GetAsyncResultAsync(handle, default) is { State: AsyncState.Succeeded } done ? done : null);

    private static SolidFireOptions Copy(Appliances world, Action<SolidFireOptions> change)
    {
        var options = new SolidFireOptions
        {
            Endpoint = world.ArrayOptions.Endpoint, Username = world.ArrayOptions.Username, Password = world.ArrayOptions.Password,
            CertificateSha256 = world.ArrayOptions.CertificateSha256,
        };
        change(options);
        return options;
    }
}
