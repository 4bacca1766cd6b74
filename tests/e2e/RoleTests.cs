using System.Text.Json;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>Keys of several roles at one service: a tenant sees and does what concerns its accounts, a reader changes nothing.</summary>
public sealed class RoleTests(World world) : IClassFixture<World>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tenants_work_within_their_accounts_and_readers_only_look()
    {
        var volume = await world.NewVolumeAsync();
        await using var app = await world.Lab.StartAnotherAppAsync(
            "roles",
            new Dictionary<string, string>
            {
                ["Access:Keys:shop:Role"] = "tenant",
                ["Access:Keys:shop:Accounts:0"] = "acme",
                ["Access:Keys:rival:Role"] = "tenant",
                ["Access:Keys:rival:Accounts:0"] = "other",
                ["Access:Keys:eye:Role"] = "reader",
            },
            Cancellation);
        using var shop = await WithKeyAsync(app, "shop");
        using var rival = await WithKeyAsync(app, "rival");
        using var eye = await WithKeyAsync(app, "eye");
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
        Assert.Equal(202, (await shop.DeleteAsync($"/api/snapshots/{id}", Cancellation)).Status);
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
