using SnapshotWorkflows.Lab;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>What `./run --webhook --kill` shows, and a policy's occurrence with what it lets go, killed in both, over HTTP.</summary>
[Collection(nameof(FirstWorld))]
public sealed class ScenarioTests(World world)
{
    private static readonly string[] s_told = ["snapshot.create done", "policy.run done", "policy.expire done", "snapshot.delete done", "event.handled done"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CloudStacks_event_makes_one_copy_and_a_policys_occurrence_takes_its_own_and_lets_the_old_one_go()
    {
        await new WebhookScenario(world.Lab, new RunOptions { Kill = true, Seed = TestRun.Seed }, Screen.Silent).RunAsync(TestRun.ImagePath, Cancellation);
        await PolicyAsync();
    }

    private async Task PolicyAsync()
    {
        var volume = await world.NewVolumeAsync();
        await PutAsync("0 0 1 1 *");

        // The first copy is one that a person asked for under the policy's rule.
        var first = (await world.Api.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId, policy = "each" }, World.NewKey(), Cancellation))["id"]!;
        Assert.Equal("BackedUp", (await World.EndAsync(world.Api, first)).State);
        var unknown = await world.Api.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId, policy = "none" }, World.NewKey(), Cancellation);
        Assert.Equal((400, "policy.not-found"), (unknown.Status, unknown["code"]));

        // The occurrence leaves out a volume whose earlier snapshot has not ended to its last step.
        using var master = await world.Lab.App.MasterAsync(Cancellation);
        await Wait.UntilAsync("The first copy's instance has not ended", async () => (await master.GetAsync($"/runtime/webhooks/durabletask/instances/{Guid.Parse(first):N}", Cancellation))["runtimeStatus"] == "Completed", world.Lab.App.Process, Cancellation);

        // Due in a second or two; then the minute's tick is called by the host's own route, once.
        var due = DateTimeOffset.UtcNow.AddSeconds(2);
        await PutAsync($"{due.Second} {due.Minute} {due.Hour} * * *");
        await Wait.UntilAsync("The occurrence is not due", () => Task.FromResult(DateTimeOffset.UtcNow >= due), world.Lab.App.Process, Cancellation);
        var before = await world.Control.InventoryAsync(Cancellation);
        var killer = new CallKiller(world.Lab.App, world.Control, Screen.Silent, TestRun.Seed + 7, [.. KillPlan.PolicyRun.SelectMany(calls => calls)]);
        await killer.ArmAsync(Cancellation);
        using var inDeletion = StoreKiller.OfDeletion(world.Lab, TestRun.Seed + 8, Screen.Silent);
        Assert.Equal(202, (await master.PostAsync("/admin/functions/StartDuePolicies", new { }, null, Cancellation)).Status);
        await killer.UntilDoneAsync(Cancellation);
        await inDeletion.KillAsync(Cancellation);
        var second = default(string);
        await Wait.UntilAsync(
            "The occurrence's copy is not BackedUp, or the first is not Destroyed",
            async () =>
            {
                var copies = (await world.Api.GetAsync("/api/snapshots?policy=each", Cancellation)).Body.GetProperty("items").EnumerateArray().ToDictionary(copy => copy.GetProperty("id").GetString()!, copy => copy.GetProperty("state").GetString());
                second ??= copies.Keys.FirstOrDefault(id => id != first);
                return second is not null && copies[second] == "BackedUp" && copies[first] == "Destroyed";
            },
            world.Lab.App.Process, Cancellation);
        var taken = await World.EndAsync(world.Api, second!);
        Assert.Equal("full", taken.Verified?.Level);

        // One occurrence, one snapshot, one clone, and on the store its copy alone, whatever died on the way.
        Assert.Equal(2, (await world.Api.GetAsync("/api/snapshots?policy=each", Cancellation)).Body.GetProperty("items").GetArrayLength());
        var after = await world.Control.InventoryAsync(Cancellation);
        foreach (var call in (string[])["solidfire.CreateSnapshot", "solidfire.CloneVolume"]) Assert.Equal(World.Count(before, call) + 1, World.Count(after, call));
        await Wait.UntilAsync(
            "Something is left",
            async () => !Leftovers.Find(before, await world.Control.InventoryAsync(Cancellation), [.. world.StoreFiles().Where(file => file.Contains(volume.CloudStackVolumeId, StringComparison.Ordinal))], new HashSet<string> { taken.Manifest!, taken.Location! }).Any(),
            world.Lab.App.Process, Cancellation);
        Assert.Equal(204, (await world.Api.DeleteAsync("/api/policies/each", Cancellation)).Status);

        // A line is written behind what it tells of.
        IReadOnlyList<string> missing = [];
        await Wait.UntilAsync(
            "The audit trail does not tell all of it",
            async () =>
            {
                var audit = (await world.Api.GetAsync("/api/audit?top=1000", Cancellation)).Body.GetProperty("items").EnumerateArray().Select(line => $"{line.GetProperty("what").GetString()} {line.GetProperty("outcome").GetString()}").ToHashSet();
                missing = [.. s_told.Where(line => !audit.Contains(line))];
                return missing.Count == 0;
            },
            world.Lab.App.Process, Cancellation);
        Assert.Empty(missing);

        // Who may, sees what was found of every system; the anonymous probe has the names alone.
        var ready = await world.Api.GetAsync("/api/readiness", Cancellation);
        Assert.True(ready.Body.GetProperty("ready").GetBoolean(), ready.Body.ToString());
        Assert.Contains(ready.Body.GetProperty("systems").EnumerateArray(), system => system.GetProperty("system").GetString() == "hub" && system.GetProperty("found").GetString() == "answers");

        async Task PutAsync(string schedule) => Assert.Equal(
            200, (await world.Api.SendAsync(HttpMethod.Put, "/api/policies/each", new { schedule, volumes = new { ids = new[] { volume.CloudStackVolumeId } }, keep = new { last = 1 } }, null, Cancellation)).Status);
    }
}
