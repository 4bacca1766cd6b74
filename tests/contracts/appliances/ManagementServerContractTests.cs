using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

/// <summary>What the client relies on, of any CloudStack: see <see cref="ManagementServerUnderTest"/> for how to hold a real one against it.</summary>
public sealed class ManagementServerContractTests
{
    [Fact]
    public async Task The_check_says_version_and_zones()
    {
        await using var server = await ManagementServerUnderTest.StartAsync();
        var check = await server.Client.CheckAsync(default);
        Assert.Empty(check.Mend);
        Assert.False(string.IsNullOrEmpty(check.Version));
        Assert.NotEmpty(check.Zones);
    }

    [Fact]
    public async Task A_volume_is_found_alone_and_in_lists_with_its_machine()
    {
        await using var server = await ManagementServerUnderTest.StartAsync();
        var volume = await server.Client.FindVolumeAsync(server.VolumeId, default);
        Assert.Equal(server.VolumeId, volume!.Id);
        Assert.True(volume.Bytes > 0);
        Assert.False(string.IsNullOrEmpty(volume.Path));
        Assert.Contains(await server.Client.ListVolumesAsync(default), one => one.Id == server.VolumeId);
        var machine = await server.Client.FindVirtualMachineAsync(volume.VirtualMachineId!, default);
        Assert.StartsWith("i-", machine!.InstanceName, StringComparison.Ordinal);
        Assert.Contains(await server.Client.ListVolumesOfAsync(volume.VirtualMachineId!, default), one => one.Id == server.VolumeId);
        Assert.Null(await server.Client.FindVolumeAsync(Guid.NewGuid().ToString(), default));
        Assert.Null(await server.Client.FindVirtualMachineAsync(Guid.NewGuid().ToString(), default));
    }

    [Fact]
    public async Task Tags_are_set_seen_and_taken_away()
    {
        await using var server = await ManagementServerUnderTest.StartAsync();
        var value = "a b*~Ü+/&=";
        await SucceedAsync(server, await server.Client.CreateTagsAsync("Volume", [server.VolumeId], new Dictionary<string, string> { [server.Mark] = value }, default));
        try
        {
            Assert.Contains(new ResourceTag { Key = server.Mark, Value = value }, (await server.Client.FindVolumeAsync(server.VolumeId, default))!.Tags);
        }
        finally
        {
            await SucceedAsync(server, await server.Client.DeleteTagsAsync("Volume", [server.VolumeId], [server.Mark], default));
        }
        Assert.DoesNotContain((await server.Client.FindVolumeAsync(server.VolumeId, default))!.Tags, tag => tag.Key == server.Mark);
    }

    [Fact]
    public async Task Tags_on_what_does_not_exist_fail_their_job()
    {
        await using var server = await ManagementServerUnderTest.StartAsync();
        var job = await server.Client.CreateTagsAsync("Volume", [Guid.NewGuid().ToString()], new Dictionary<string, string> { [server.Mark] = "x" }, default);
        var refused = await Assert.ThrowsAsync<CloudStackException>(() => server.Client.WaitForJobAsync(job, default));
        Assert.True(refused.Kind is CloudStackErrorKind.NotFound or CloudStackErrorKind.Rejected or CloudStackErrorKind.PermissionDenied, $"{refused.Kind}: {refused.Message}");
    }

    private static async Task SucceedAsync(ManagementServerUnderTest server, string job) =>
        Assert.Equal(CloudStackJobState.Succeeded, (await server.Client.WaitForJobAsync(job, default)).State);
}
