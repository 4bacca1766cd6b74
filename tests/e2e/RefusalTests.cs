using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>What cannot end well is refused before anything is made, with a code and a remedy.</summary>
[Collection(nameof(SecondWorld))]
public sealed class RefusalTests(World world)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_volume_that_CloudStack_does_not_know_is_refused()
    {
        var before = await BeforeAsync();

        await world.RefusedAsync("volume.not-found", before, () => world.Api.PostSnapshotAsync(new { volumeId = Guid.NewGuid() }, World.NewKey(), Cancellation));
    }

    [Fact]
    public async Task A_body_without_a_volume_is_refused()
    {
        var before = await BeforeAsync();

        await world.RefusedAsync("request.volume-missing", before, () => world.Api.PostSnapshotAsync(new { quiesce = "none" }, World.NewKey(), Cancellation));
    }

    [Fact]
    public async Task An_unknown_member_is_refused_by_its_name()
    {
        var volume = await world.NewVolumeAsync();
        var before = await BeforeAsync();

        var answer = await world.Api.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId, quiese = "none" }, World.NewKey(), Cancellation);

        Assert.Equal(400, answer.Status);
        Assert.Contains("quiese", answer.Body.ToString(), StringComparison.Ordinal);
        await world.RefusedAsync("request.unknown-member", before, () => Task.FromResult(answer));
    }

    [Fact]
    public async Task A_volume_with_32_snapshots_on_the_array_is_refused()
    {
        var volume = await world.NewVolumeAsync();
        await world.Control.FillSnapshotsAsync(volume.SolidFireVolumeId, 32, Cancellation);
        var before = await BeforeAsync();

        await world.RefusedAsync("array.snapshots-full", before, () => world.PostAsync(volume));
    }

    [Fact]
    public async Task A_volume_with_a_VDI_snapshot_inside_is_refused()
    {
        var volume = await world.NewVolumeAsync();
        await world.Control.SnapshotVdiAsync(volume.Pool, volume.VdiUuid, Cancellation);
        var before = await BeforeAsync();

        await world.RefusedAsync("source.vdi-snapshot", before, () => world.PostAsync(volume));
    }

    [Fact]
    public async Task A_target_without_room_for_the_whole_disk_is_refused()
    {
        var volume = await world.NewVolumeAsync();
        await using var app = await world.Lab.StartAnotherAppAsync("app-full", "Secondary:Destinations:0:MinimumFreeBytes", (1L << 60).ToString(), Cancellation);
        var before = await BeforeAsync();

        await world.RefusedAsync("store.full", before, () => World.PostAsync(app.Api, volume), app.Api);
    }

    [Fact]
    public async Task A_target_that_fills_up_on_the_way_fails_the_snapshot_and_leaves_nothing()
    {
        var volume = await world.NewVolumeAsync();
        var before = await BeforeAsync();
        var files = world.StoreFiles();
        await world.Control.FillStoreAsync(full: true, Cancellation);
        try
        {
            var answer = await world.PostAsync(volume);
            var status = await World.EndAsync(world.Api, answer["id"]!);

            World.AssertFailed("xenserver.SR_FULL", status);
            Assert.Empty(Leftovers.Find(before, await BeforeAsync(), await world.Lab.Secondary.NamesAsync(Cancellation), files));
        }
        finally
        {
            await world.Control.FillStoreAsync(full: false, Cancellation);
        }
    }

    [Fact]
    public async Task A_copy_pool_with_all_hosts_offline_is_refused()
    {
        var volume = await world.NewVolumeAsync();
        var hosts = (await BeforeAsync()).Pools.Single(pool => pool.Name == "backup").Hosts!;
        foreach (var host in hosts) await world.Control.SetHostAsync("backup", host.Uuid, online: false, Cancellation);
        try
        {
            var before = await BeforeAsync();

            // Nobody answers for the pool then: the connection breaks, and goes on to break until the preflight gives up.
            await world.RefusedAsync("host.pool-unreachable", before, () => world.PostAsync(volume));
        }
        finally
        {
            foreach (var host in hosts) await world.Control.SetHostAsync("backup", host.Uuid, online: true, Cancellation);
        }
    }

    [Fact]
    public async Task A_pool_that_sees_the_originals_and_cannot_resign_is_refused()
    {
        var volume = await world.NewVolumeAsync();
        await using var app = await world.Lab.StartAnotherAppAsync("app-production", "XenServer:CopyPool", "production", Cancellation);
        var before = await BeforeAsync();

        await world.RefusedAsync("host.no-resign", before, () => World.PostAsync(app.Api, volume), app.Api);
    }

    [Fact]
    public async Task An_array_that_is_named_twice_is_told_and_refused()
    {
        var volume = await world.NewVolumeAsync();
        var array = world.Lab.Simulators.Endpoints.Solidfire;
        await using var app = await world.Lab.StartAnotherAppAsync(
            "app-twice",
            new Dictionary<string, string>
            {
                ["SolidFire:Arrays:0:Name"] = "second",
                ["SolidFire:Arrays:0:Endpoint"] = array.Endpoint.Replace("127.0.0.1", "localhost", StringComparison.Ordinal),
                ["SolidFire:Arrays:0:Username"] = array.Username,
                ["SolidFire:Arrays:0:Password"] = array.Password,
                ["SolidFire:Arrays:0:CertificateSha256"] = array.CertificateSha256,
            },
            Cancellation);
        var systems = (await app.Api.GetAsync("/readyz", Cancellation)).Body.GetProperty("systems").EnumerateArray();
        Assert.Contains(systems, one => one.GetProperty("system").GetString()!.StartsWith("solidfire ", StringComparison.Ordinal) && !one.GetProperty("ready").GetBoolean());
        var before = await BeforeAsync();

        await world.RefusedAsync("array.named-twice", before, () => World.PostAsync(app.Api, volume), app.Api);
    }

    [Fact]
    public async Task A_wrong_key_is_refused()
    {
        var volume = await world.NewVolumeAsync();
        var before = await BeforeAsync();
        using var stranger = new SnapshotApi(world.Api.Address) { Key = new string('x', 43) };

        var answer = await stranger.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId }, World.NewKey(), Cancellation);

        Assert.Equal(401, answer.Status);
        await world.RefusedAsync("key.wrong", before, () => Task.FromResult(answer));
    }

    [Fact]
    public async Task A_write_without_an_idempotency_key_is_refused()
    {
        var volume = await world.NewVolumeAsync();
        var before = await BeforeAsync();

        await world.RefusedAsync(
            "idempotency-key.missing", before, () => world.Api.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId }, idempotencyKey: null, Cancellation));
    }

    private Task<Inventory> BeforeAsync() => world.Control.InventoryAsync(Cancellation);
}
