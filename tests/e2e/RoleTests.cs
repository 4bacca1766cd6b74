using System.Text.Json;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>Keys of several roles at one service: a tenant sees and does what concerns its accounts, a reader changes nothing.</summary>
[Collection(nameof(FirstWorld))]
public sealed class RoleTests(World world)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tenants_work_within_their_accounts_and_readers_only_look()
    {
        var volume = await world.NewVolumeAsync();
        using var cloud = new CloudApi(world.Lab.Simulators.Endpoints.Cloudstack);
        var domain = await cloud.DomainOfAsync(volume.CloudStackVolumeId, Cancellation);
        await using var app = await world.Lab.StartAnotherAppAsync(
            "roles",
            new Dictionary<string, string>
            {
                ["Access:Keys:shop:Role"] = "tenant",
                ["Access:Keys:shop:Accounts:0"] = $"{domain}/acme",
                ["Access:Keys:rival:Role"] = "tenant",
                // The same name in another domain is another account.
                ["Access:Keys:rival:Accounts:0"] = $"{Guid.NewGuid()}/acme",
                ["Access:Keys:eye:Role"] = "reader",
                ["CloudStack:Webhook:Secret"] = "",
                ["Quiesce:Pause:HighAvailabilityIsOff"] = "true",
            },
            Cancellation);
        Assert.False(await ReadyAsync(app, "access keys"));
        using var shop = await WithKeyAsync(app, "shop");
        using var rival = await WithKeyAsync(app, "rival");
        using var eye = await WithKeyAsync(app, "eye");
        await Wait.UntilAsync("A role has no key", () => ReadyAsync(app, "access keys"), process: null, Cancellation);
        var body = new { volumeId = volume.CloudStackVolumeId };

        // Another's volume is told apart from none by nothing.
        var stolen = await World.EndAsync(rival, (await rival.PostSnapshotAsync(body, World.NewKey(), Cancellation))["id"]!);
        World.AssertFailed("volume.not-found", stolen);
        Assert.DoesNotContain("acme", stolen.Failure!.Message, StringComparison.Ordinal);

        var accepted = await shop.PostSnapshotAsync(body, World.NewKey(), Cancellation);
        Assert.Equal(202, accepted.Status);
        Assert.Null(accepted["management"]);
        var id = accepted["id"]!;
        Assert.Equal("BackedUp", (await World.EndAsync(shop, id)).State);

        Assert.Equal(404, (await rival.GetAsync($"/api/snapshots/{id}", Cancellation)).Status);
        Assert.Equal(404, (await rival.DeleteAsync($"/api/snapshots/{id}", Cancellation)).Status);
        Assert.Equal(404, (await rival.PostAsync($"/api/snapshots/{id}/cancel", new { }, null, Cancellation)).Status);
        Assert.Equal(0, await CountAsync(rival));
        Assert.Equal(1, await CountAsync(shop));
        Assert.Equal(2, await CountAsync(eye));

        await RefusedAsync(eye.PostSnapshotAsync(body, World.NewKey(), Cancellation));
        await RefusedAsync(eye.DeleteAsync($"/api/snapshots/{id}", Cancellation));
        await RefusedAsync(shop.GetAsync("/api/policies", Cancellation));
        await RefusedAsync(shop.PostAsync($"/api/snapshots/{id}/hold", new { }, World.NewKey(), Cancellation));
        await RestoresGroupsAndUsageAsync(shop, rival, eye, volume, id);
        Assert.Equal(202, (await shop.DeleteAsync($"/api/snapshots/{id}", Cancellation)).Status);

        // Without a secret nothing that comes as an event can be trusted.
        var untrusted = Assert.Single(await world.Control.SendEventAsync($"{app.Api.Address}api/cloudstack/events", Guid.NewGuid().ToString(), "any", times: 1, Cancellation));
        Assert.Equal(503, untrusted.GetProperty("status").GetInt32());

        // Pausing is allowed and nobody guards it: the probe says so, and is content once a watchdog runs.
        Assert.False(await ReadyAsync(app, "watchdog"));
        await using var watchdog = await app.StartWatchdogAsync();
        await Wait.UntilAsync("The watchdog is not seen", () => ReadyAsync(app, "watchdog"), watchdog, Cancellation);
    }

    private async Task RestoresGroupsAndUsageAsync(SnapshotApi shop, SnapshotApi rival, SnapshotApi eye, WorldVolume volume, string id)
    {
        var made = await shop.PostAsync($"/api/snapshots/{id}/restore", new { name = "mine" }, World.NewKey(), Cancellation);
        Assert.Equal((403, "request.operators-only"), (made.Status, made["code"]));
        var target = await world.Control.MakeDetachedVolumeAsync($"back-{id[..8]}", TestRun.ImagePath, Cancellation);
        var fill = new { targetVolumeId = target.CloudStackVolumeId, overwrite = true };
        Assert.Equal(404, (await rival.PostAsync($"/api/snapshots/{id}/restore", fill, World.NewKey(), Cancellation)).Status);
        var restore = await shop.PostAsync($"/api/snapshots/{id}/restore", fill, World.NewKey(), Cancellation);
        Assert.Equal(202, restore.Status);
        Assert.Null(restore["management"]);
        var path = $"/api/restores/{restore["id"]}";
        Assert.Equal(404, (await rival.GetAsync(path, Cancellation)).Status);
        Assert.Equal(404, (await rival.PostAsync($"{path}/cancel", new { }, null, Cancellation)).Status);
        RestoreStatus? restored = null;
        await Wait.UntilAsync("The restore has not ended", async () => (restored = await shop.FindRestoreAsync(restore["id"]!, Cancellation))!.Ended, process: null, Cancellation);
        Assert.True(restored!.State == "Restored", $"{restored.State} {restored.Failure}");

        var stolen = await rival.PostAsync($"/api/vms/{volume.CloudStackVmId}/snapshots", new { }, World.NewKey(), Cancellation);
        GroupStatus? group = null;
        await Wait.UntilAsync("The group has not ended", async () => (group = await rival.FindGroupAsync(stolen["id"]!, Cancellation)).Ended, process: null, Cancellation);
        Assert.Equal(("Error", "group.vm-not-found"), (group!.State, group.Failure?.Code));
        Assert.Equal(404, (await shop.GetAsync($"/api/groups/{stolen["id"]}", Cancellation)).Status);
        Assert.Equal(200, (await eye.GetAsync($"/api/groups/{stolen["id"]}", Cancellation)).Status);
        Assert.Equal(404, (await shop.PostAsync($"/api/groups/{stolen["id"]}/cancel", new { }, null, Cancellation)).Status);

        Assert.Contains(id, (await shop.GetAsync("/api/usage", Cancellation)).Body.ToString(), StringComparison.Ordinal);
        Assert.Empty((await rival.GetAsync("/api/usage", Cancellation)).Body.GetProperty("items").EnumerateArray());
        Assert.Empty((await rival.GetAsync("/api/usage?account=acme", Cancellation)).Body.GetProperty("items").EnumerateArray());
    }

    private static async Task<bool> ReadyAsync(LabApp app, string system)
    {
        var answer = await app.Api.GetAsync("/readyz", Cancellation);
        return answer.Body.GetProperty("systems").EnumerateArray().Single(one => one.GetProperty("system").GetString() == system).GetProperty("ready").GetBoolean();
    }

    private static async Task<int> CountAsync(SnapshotApi api) => (await api.GetAsync("/api/snapshots", Cancellation)).Body.GetProperty("items").GetArrayLength();

    private static async Task RefusedAsync(Task<ApiAnswer> call)
    {
        var answer = await call;
        Assert.Equal((403, "key.role"), (answer.Status, answer["code"]));
    }

    /// <summary>An operator makes the key by the host's own routes.</summary>
    private static async Task<SnapshotApi> WithKeyAsync(LabApp app, string name)
    {
        using var keys = JsonDocument.Parse(await File.ReadAllBytesAsync(app.KeyFile, Cancellation));
        using var master = new SnapshotApi(app.Api.Address) { Key = keys.RootElement.GetProperty("masterKey").GetProperty("value").GetString() };
        var made = await master.PostAsync($"/admin/host/functionkeys/{name}", new { }, null, Cancellation);
        Assert.InRange(made.Status, 200, 201);
        return new SnapshotApi(app.Api.Address) { Key = made["value"] };
    }
}
