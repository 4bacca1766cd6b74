using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>The program's commands for the day on which a catalog is lost: its hash, its rebuilding, the ledger's backup and the audit trail.</summary>
public sealed partial class UpkeepTests
{
    [Fact]
    public async Task A_lost_catalog_comes_back_from_the_store_with_the_same_hash_and_the_ledger_from_its_backup()
    {
        var volume = await world.NewVolumeAsync();
        var store = Directory.CreateDirectory(world.Lab.Folder.File("own-store")).FullName;
        await using var app = await world.Lab.StartAnotherAppAsync("commands", new Dictionary<string, string> { ["Secondary:Destinations:0:Path"] = store }, Cancellation);
        var ids = new List<string>();
        foreach (var body in (object[])[
            new { volumeId = volume.CloudStackVolumeId, copy = "stream", keepOnPrimary = true, tags = new { why = "upgrade" } }, new { volumeId = volume.CloudStackVolumeId, copy = "stream", format = "chunks", name = "second" }])
        {
            ids.Add((await app.Api.PostSnapshotAsync(body, World.NewKey(), Cancellation))["id"]!);
            Assert.Equal("BackedUp", (await World.EndAsync(app.Api, ids[^1])).State);
        }

        Assert.Equal(202, (await app.Api.PostAsync($"/api/snapshots/{ids[0]}/hold", new { reason = "a court" }, World.NewKey(), Cancellation)).Status);
        await Wait.UntilAsync("The hold does not stand", async () => (await app.Api.GetAsync($"/api/snapshots/{ids[0]}", Cancellation))["hold"] == "True", app.Process, Cancellation);
        var policy = new { schedule = "30 2 * * *", volumes = new { ids = new[] { volume.CloudStackVolumeId } } };
        Assert.Equal(200, (await app.Api.SendAsync(HttpMethod.Put, "/api/policies/nightly", policy, null, Cancellation)).Status);
        await BackUpLedgerAsync(app, store);

        var (served, refusal) = await app.CommandAsync(Cancellation, "ledger", "restore");
        Assert.Equal(78, served);
        Assert.Contains("catalog.in-use", refusal, StringComparison.Ordinal);
        await app.Process!.StopAsync();
        var before = await HashAsync(app);
        Assert.EndsWith(" 2 copies", before, StringComparison.Ordinal);
        var (exported, lines) = await app.CommandAsync(Cancellation, "audit", "export");
        Assert.Equal(0, exported);
        Assert.Contains("\"what\":\"policy.put\"", lines, StringComparison.Ordinal);

        foreach (var file in Directory.GetFiles(app.State, "catalog.db*")) File.Delete(file);
        var (rebuilt, told) = await app.CommandAsync(Cancellation, "catalog", "rebuild");
        Assert.True(rebuilt == 0, told);
        Assert.Contains("2 snapshots, 1 holds, 0 rows without a manifest, 0 manifests unreadable", told, StringComparison.Ordinal);
        Assert.Equal(before, await HashAsync(app));

        var (restored, which) = await app.CommandAsync(Cancellation, "ledger", "restore");
        Assert.True(restored == 0, which);
        await app.StartAsync(Cancellation);
        Assert.Equal(200, (await app.Api.GetAsync("/api/policies/nightly", Cancellation)).Status);
        Assert.Equal(409, (await app.Api.DeleteAsync($"/api/snapshots/{ids[0]}", Cancellation)).Status);
    }

    /// <summary>It dies once the copy stands: what goes on finds that, and makes no second one.</summary>
    private static async Task BackUpLedgerAsync(LabApp app, string store)
    {
        var folder = Directory.CreateDirectory(Path.Combine(store, "swf-ledger", "lab")).FullName;
        using (var killer = new StoreKiller(store, app, TestRun.Seed, Screen.Silent, StoreKiller.LedgerBackup))
        using (var master = await app.MasterAsync(Cancellation))
        {
            Assert.Equal(202, (await master.PostAsync("/admin/functions/BackupLedgerTimer", new { }, null, Cancellation)).Status);
            await killer.KillAsync(Cancellation);
        }

        await Wait.UntilAsync(
            "The ledger is not backed up",
            async () => (await app.Api.GetAsync("/api/audit?top=1000", Cancellation)).Body.GetProperty("items").EnumerateArray().Any(line => line.GetProperty("what").GetString() == "ledger.backup" && line.GetProperty("outcome").GetString() == "done"),
            app.Process, Cancellation);
        Assert.EndsWith(".db", Assert.Single(Directory.GetFiles(folder)), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(app.State, "*.backup"));
    }

    private static async Task<string> HashAsync(LabApp app)
    {
        var (code, output) = await app.CommandAsync(Cancellation, "catalog", "hash");
        Assert.True(code == 0, output);
        return output.Trim();
    }
}
