using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Simulators.CloudStack;
using CloudStackOptions = SnapshotWorkflows.CloudStack.CloudStackOptions;

namespace SnapshotWorkflows.Tests.Contracts.Appliances;

public sealed class CloudStackContractTests
{
    private static readonly DateTimeOffset s_created = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public async Task The_check_finds_a_server_that_is_ready()
    {
        await using var world = await Appliances.StartAsync();
        var check = await world.CloudClient.CheckAsync(default);
        Assert.Empty(check.Mend);
        Assert.Equal("4.20.0.0", check.Version);
        Assert.Equal(world.Cloud.ZoneId, Assert.Single(check.Zones).Id);
    }

    [Fact]
    public async Task A_wrong_secret_is_refused_and_says_what_to_mend()
    {
        await using var world = await Appliances.StartAsync();
        var options = new CloudStackOptions { Endpoint = world.CloudOptions.Endpoint, ApiKey = "cloud-key", SecretKey = "wrong", CertificateSha256 = world.CloudOptions.CertificateSha256 };
        var check = await world.NewCloudClient(options).CheckAsync(default);
        Assert.Contains("CloudStack:SecretKey", Assert.Single(check.Mend), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_volume_and_its_machine_are_found_whoever_owns_them()
    {
        await using var world = await Appliances.StartAsync();
        var (volume, machine) = Add(world);
        var found = await world.CloudClient.FindVolumeAsync(volume, default);
        Assert.Equal(("vdi-uuid", machine, 4L << 20, world.Cloud.ZoneId, "tenant"), (found!.Path, found.VirtualMachineId, found.Bytes, found.ZoneId, found.Account));
        Assert.Equal("i-2-3-VM", (await world.CloudClient.FindVirtualMachineAsync(machine, default))!.InstanceName);
        Assert.Null(await world.CloudClient.FindVolumeAsync(Guid.NewGuid().ToString(), default));
        Assert.Null(await world.CloudClient.FindVirtualMachineAsync(Guid.NewGuid().ToString(), default));
    }

    [Fact]
    public async Task Every_snapshot_of_a_volume_is_listed_over_all_pages()
    {
        await using var world = await Appliances.StartAsync();
        var (volume, _) = Add(world);
        for (var i = 0; i < 230; i++)
            world.Cloud.Add(new CloudSnapshot(Guid.NewGuid().ToString(), $"s{i}", volume, "tenant", world.Cloud.ZoneId, "BackedUp", "PRIMARY", "RECURRING", "DAILY", s_created));
        var snapshots = await world.CloudClient.ListSnapshotsAsync(new() { VolumeId = volume }, default);
        Assert.Equal(230, snapshots.Select(snapshot => snapshot.Id).Distinct().Count());
    }

    [Fact]
    public async Task Tags_of_any_letters_are_signed_set_and_seen()
    {
        await using var world = await Appliances.StartAsync();
        var (volume, _) = Add(world);
        var job = await world.CloudClient.CreateTagsAsync("Volume", [volume], new Dictionary<string, string> { ["swf"] = "a b*~Ü+/&=" }, default);
        Assert.Equal(CloudStackJobState.Succeeded, (await world.CloudClient.WaitForJobAsync(job, default)).State);
        Assert.Equal([new ResourceTag { Key = "swf", Value = "a b*~Ü+/&=" }], (await world.CloudClient.FindVolumeAsync(volume, default))!.Tags);
    }

    [Fact]
    public async Task Reads_go_on_over_faults_and_a_lost_write_is_open()
    {
        await using var world = await Appliances.StartAsync();
        var (volume, _) = Add(world);
        world.Faults.On("cloudstack", "listVolumes").DropRequest();
        world.Faults.On("cloudstack", "listVolumes", occurrence: 2).HttpStatus(503);
        Assert.NotNull(await world.CloudClient.FindVolumeAsync(volume, default));
        world.Faults.On("cloudstack", "createTags").DropAnswer();
        await Assert.ThrowsAsync<CloudStackOutcomeUnknownException>(() => world.CloudClient.CreateTagsAsync("Volume", [volume], new Dictionary<string, string> { ["a"] = "b" }, default));
        Assert.True(world.Faults.AllFired());
        Assert.Equal(1, world.Faults.CallsOf("cloudstack", "createTags"));
    }

    private static (string Volume, string Machine) Add(Appliances world)
    {
        world.Cloud.AddAccount("tenant");
        var (volume, machine) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        world.Cloud.Add(new CloudVirtualMachine(machine, "web", "i-2-3-VM", "tenant", world.Cloud.ZoneId, "Running", "production-1", s_created));
        world.Cloud.Add(new CloudVolume(volume, "data", "tenant", world.Cloud.ZoneId, machine, "vdi-uuid", 4 << 20, "primary", "DATADISK", s_created));
        return (volume, machine);
    }
}
