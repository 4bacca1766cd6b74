using System.Text.Json.Nodes;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

/// <summary>What an operator's tool does to an array beside snapshots; on a real one by the settings of <see cref="ArrayUnderTest"/>.</summary>
public sealed class ArrayOperatorTests
{
    [Fact]
    public async Task An_account_is_made_changed_and_removed()
    {
        await using var array = await ArrayUnderTest.StartAsync();
        var client = array.Client;
        var id = await client.AddAccountAsync(array.Mark, new JsonObject { ["mark"] = array.Mark }, default);
        var again = await Assert.ThrowsAsync<SolidFireException>(() => client.AddAccountAsync(array.Mark, [], default));
        Assert.Equal(("xDuplicateUsername", SolidFireErrorKind.Conflict), (again.ErrorName, again.Kind));
        var listed = (await client.ListAccountsAsync(default)).Single(account => account.AccountId == id);
        Assert.Equal((array.Mark, "(secret)"), (listed.Username, listed.InitiatorSecret!.ToString()));
        var secret = new ChapSecret("another-secr3t");
        await client.ModifyAccountAsync(id, new() { Status = "locked", InitiatorSecret = secret }, default);
        var changed = await client.GetAccountAsync(id, default);
        Assert.Equal(("locked", secret.Reveal()), (changed.Status, changed.InitiatorSecret!.Reveal()));
        await client.RemoveAccountAsync(id, default);
        await client.RemoveAccountAsync(id, default);
        Assert.Null(await client.FindAccountAsync(array.Mark, default));
    }

    [Fact]
    public async Task Initiators_come_into_a_group_and_leave_it()
    {
        await using var array = await ArrayUnderTest.StartAsync();
        var client = array.Client;
        var (first, second) = ($"iqn.2026-01.test:{array.Mark}-1", $"iqn.2026-01.test:{array.Mark}-2");
        var volume = await array.MakeVolumeAsync("shared");
        var group = await client.CreateVolumeAccessGroupAsync(array.Mark, [], [volume], [], default);
        var initiator = await client.CreateInitiatorAsync(first, "one", groupId: null, new JsonObject { ["mark"] = array.Mark }, default);
        Assert.Equal("xInitiatorExists", (await Assert.ThrowsAsync<SolidFireException>(() => client.CreateInitiatorAsync(first, null, null, [], default))).ErrorName);
        Assert.Equal([group], (await client.ModifyInitiatorAsync(initiator.InitiatorId, "renamed", group, attributes: null, default)).AccessGroupIds);
        await client.AddInitiatorsToVolumeAccessGroupAsync(group, [first, second], default);
        await client.AddInitiatorsToVolumeAccessGroupAsync(group, [second], default);
        var listed = (await client.ListInitiatorsAsync(default)).Where(known => known.Name.Contains(array.Mark, StringComparison.OrdinalIgnoreCase)).OrderBy(known => known.Name).ToList();
        Assert.Equal(["renamed", ""], listed.Select(known => known.Alias));
        await client.ModifyVolumeAccessGroupAsync(group, $"{array.Mark}-renamed", attributes: null, default);
        Assert.Equal(($"{array.Mark}-renamed", 2, volume), await GroupAsync());
        await client.RemoveInitiatorsFromVolumeAccessGroupAsync(group, [second], forget: true, default);
        await client.DeleteInitiatorAsync(initiator.InitiatorId, default);
        await client.DeleteInitiatorAsync(initiator.InitiatorId, default);
        Assert.Equal(($"{array.Mark}-renamed", 0, volume), await GroupAsync());
        await client.DeleteVolumeAccessGroupAsync(group, forgetInitiators: true, default);
        await client.DeleteVolumeAccessGroupAsync(group, forgetInitiators: true, default);
        Assert.DoesNotContain(await client.ListVolumeAccessGroupsAsync(default), known => known.VolumeAccessGroupId == group);
        Assert.DoesNotContain(await client.ListInitiatorsAsync(default), known => known.Name.Contains(array.Mark, StringComparison.OrdinalIgnoreCase));

        async Task<(string, int, long)> GroupAsync()
        {
            var known = (await client.ListVolumeAccessGroupsAsync(default)).Single(known => known.VolumeAccessGroupId == group);
            return (known.Name, known.Initiators.Count, Assert.Single(known.VolumeIds));
        }
    }

    [Fact]
    public async Task A_group_s_clones_are_called_off_and_volumes_go_together()
    {
        await using var array = await ArrayUnderTest.StartAsync();
        var client = array.Client;
        var volumes = new[] { await array.MakeVolumeAsync("one"), await array.MakeVolumeAsync("two") };
        var group = await client.CreateGroupSnapshotAsync(volumes, array.Mark, TimeSpan.FromHours(1), [], default);
        var expiry = new DateTimeOffset(2040, 1, 2, 3, 4, 5, TimeSpan.Zero);
        await client.ModifyGroupSnapshotAsync(group.GroupSnapshotId, expiry, default);
        Assert.All(await client.ListSnapshotsAsync(volumes[0], default), snapshot => Assert.Equal(expiry, snapshot.ExpiresAt));
        await client.ModifyGroupSnapshotAsync(group.GroupSnapshotId, expiresAt: null, default);
        Assert.All(await client.ListSnapshotsAsync(volumes[0], default), snapshot => Assert.Null(snapshot.ExpiresAt));

        var clones = await client.CloneMultipleVolumesAsync([.. volumes.Select(volume => new CloneVolumeRequest { VolumeId = volume, Name = $"{array.Mark}-copy", Attributes = [] })], group.GroupSnapshotId, default);
        foreach (var member in clones.Members) array.Remember(member.VolumeId);
        await client.CancelGroupCloneAsync(clones.GroupCloneId, default);
        await client.CancelGroupCloneAsync(clones.GroupCloneId, default);
        await client.DeleteGroupSnapshotAsync(group.GroupSnapshotId, keepMembers: false, default);

        await client.DeleteVolumesAsync(volumes, default);
        foreach (var volume in volumes) Assert.True((await client.FindVolumeAsync(volume, default))!.IsDeleted);
        await client.PurgeDeletedVolumesAsync(volumes, default);
        Assert.Null(await client.FindVolumeAsync(volumes[0], default));
    }

    [Fact]
    public async Task A_bulk_job_is_followed_to_its_end_and_the_cluster_says_how_full_it_is()
    {
        await using var array = await ArrayUnderTest.StartAsync();
        var client = array.Client;
        var volume = await array.MakeVolumeAsync("bulk");
        var job = await client.StartBulkVolumeReadAsync(new() { VolumeId = volume, Attributes = new JsonObject { ["mark"] = array.Mark } }, default);
        var listed = (await client.ListBulkVolumeJobsAsync(default)).Single(known => known.VolumeId == volume);
        Assert.Equal("read", listed.Type);
        await client.UpdateBulkVolumeStatusAsync(job.Key.Reveal(), "running", 37.5, "on its way", default);
        Assert.Equal(37.5, (await client.ListBulkVolumeJobsAsync(default)).Single(known => known.VolumeId == volume).Percent);
        await client.UpdateBulkVolumeStatusAsync(job.Key.Reveal(), "done", 100, "", default);
        Assert.Equal(AsyncState.Succeeded, (await client.GetAsyncResultAsync(job.AsyncHandle, default)).State);
        Assert.DoesNotContain(await client.ListBulkVolumeJobsAsync(default), known => known.VolumeId == volume);
        var full = await client.GetClusterFullThresholdAsync(default);
        Assert.Equal(full.UsedBytes >= full.Stage4Bytes, full.RefusesWork);
        var policy = await client.CreateQosPolicyAsync(array.Mark, new() { MinIops = 100, MaxIops = 1000, BurstIops = 1000 }, default);
        Assert.Equal(2000, (await client.ModifyQosPolicyAsync(policy.QosPolicyId, name: null, new() { BurstIops = 2000 }, default)).Qos.BurstIops);
        await client.DeleteQosPolicyAsync(policy.QosPolicyId, default);
    }
}
