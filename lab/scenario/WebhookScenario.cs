using System.Text.Json;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>
/// CloudStack takes a snapshot of its own and tells of it by webhook; the copy is made off the array, once, and CloudStack's snapshot says so by its tags. With kills the app dies before
/// or in the copy, and when it writes the tags.
/// </summary>
internal sealed class WebhookScenario(LabWorld world, RunOptions options, Screen screen)
{
    private const string Policy = "off-array";

    public async Task<string> RunAsync(string imagePath, CancellationToken cancellation)
    {
        var api = world.App.Api;
        using var cloud = new CloudApi(world.Simulators.Endpoints.Cloudstack);
        var volume = await world.Control.MakeVolumeAsync("data-1", imagePath, cancellation);
        var put = await api.SendAsync(HttpMethod.Put, $"/api/policies/{Policy}", new { followCloudStack = true, volumes = new { ids = new[] { volume.CloudStackVolumeId } }, keep = new { last = 3 } }, null, cancellation);
        if (put.Status != 200) throw new LabException($"PUT /api/policies/{Policy} answered {put.Status}: {put.Body}");
        screen.Line($"PUT /api/policies/{Policy} {{followCloudStack: true}} -> 200");
        var before = await world.Control.InventoryAsync(cancellation);
        var stored = await world.Secondary.NamesAsync(cancellation);
        var payloadUrl = $"{api.Address}api/cloudstack/events";
        await world.Control.SetWebhookAsync(payloadUrl, LabApp.WebhookSecret, cancellation);
        screen.Line($"CloudStack's webhook: {payloadUrl}, signed");

        var killer = options.Kill ? new CallKiller(world.App, world.Control, screen, options.Seed, KillPlan.Followed) : null;
        if (killer is not null) await killer.ArmAsync(cancellation);
        var cloudSnapshot = await cloud.TakeSnapshotAsync(volume.CloudStackVolumeId, cancellation);
        screen.Line($"CloudStack took snapshot {cloudSnapshot}; it is BackedUp, which on managed storage means: on the array");
        await Wait.UntilAsync("CloudStack's webhook was not delivered", async () => (await DeliveriesAsync(cancellation)).Any(one => one.GetProperty("success").GetBoolean()), world.App.Process, cancellation);

        var copy = default(JsonElement);
        await Wait.UntilAsync(
            "The copy is not BackedUp",
            async () =>
            {
                if (killer is not null) await killer.StepAsync(cancellation);
                foreach (var one in await CopiesAsync(cancellation))
                {
                    copy = one;
                    screen.Move(one.GetProperty("state").GetString()!, $"{one.GetProperty("state").GetString(),-16} {(one.TryGetProperty("step", out var step) ? step.GetString() : "")}");
                    if (one.GetProperty("state").GetString() == "Error") throw new LabException($"The copy failed: {one}", [.. world.Logs]);
                }

                return copy.ValueKind == JsonValueKind.Object && copy.GetProperty("state").GetString() == "BackedUp" && copy.GetProperty("ended").GetBoolean();
            },
            killer is null ? world.App.Process : null,
            cancellation);
        if (copy.GetProperty("verified").GetProperty("level").GetString() != "full") throw new LabException($"The copy is not verified in full: {copy}");
        screen.Line($"copy {copy.GetProperty("id").GetString()} is BackedUp and verified in full");

        await Wait.UntilAsync(
            "CloudStack's snapshot bears no tag of ours",
            async () =>
            {
                if (killer is not null) await killer.StepAsync(cancellation);
                return (await cloud.TagsAsync(cloudSnapshot, cancellation)).ContainsKey("swf-state");
            },
            killer is null ? world.App.Process : null, cancellation);
        if (killer is not null) await killer.UntilDoneAsync(cancellation);
        foreach (var (key, value) in await cloud.TagsAsync(cloudSnapshot, cancellation)) screen.Plain($"            tag on CloudStack's snapshot: {key} = {value}");

        var again = await world.Control.SendEventAsync(payloadUrl, cloudSnapshot, LabApp.WebhookSecret, times: 5, cancellation);
        if (again.Any(one => one.GetProperty("status").GetInt32() != 200)) throw new LabException("A repeated event was not answered with 200.");
        var forged = await world.Control.SendEventAsync(payloadUrl, cloudSnapshot, "another secret", times: 1, cancellation);
        if (forged.Any(one => one.GetProperty("status").GetInt32() != 401)) throw new LabException("A forged event was not answered with 401.");
        screen.Line("the same event five times more: 200 each; one signed with another secret: 401");
        await EventsHandledAsync(cancellation);
        if ((await CopiesAsync(cancellation)).Count != 1) throw new LabException("A repeated event made another copy.", [.. world.Logs]);
        var after = await world.Control.InventoryAsync(cancellation);
        if (after.Calls.GetValueOrDefault("solidfire.CloneVolume") - before.Calls.GetValueOrDefault("solidfire.CloneVolume") != 1) throw new LabException("The snapshot was cloned more than once, or not at all.", [.. world.Logs]);
        // CloudStack's own snapshot stays on the array; whatever is ours goes.
        var keeps = new HashSet<string>(stored, StringComparer.Ordinal) { copy.GetProperty("manifest").GetString()!, copy.GetProperty("location").GetString()! };
        List<string> left = [];
        try
        {
            await Wait.UntilAsync(
                "Something is left",
                async () =>
                {
                    left = [.. Leftovers.Find(before, await world.Control.InventoryAsync(cancellation), await world.Secondary.NamesAsync(cancellation), keeps)
                        .Where(one => !one.StartsWith("snapshot ", StringComparison.Ordinal) || one.Contains(" swf-", StringComparison.Ordinal))];
                    return left.Count == 0;
                },
                world.App.Process, cancellation);
        }
        catch (LabException) when (left.Count > 0)
        {
            throw new LabException($"Something is left: {string.Join("; ", left)}.", [.. world.Logs]);
        }

        screen.Line("one copy, and nothing is left on array, hosts and store but it and CloudStack's own snapshot");
        return $"webhook: CloudStack's snapshot {cloudSnapshot} is on secondary storage as {copy.GetProperty("id").GetString()}, once";
    }

    /// <summary>An event's instance is there before its 200.</summary>
    private async Task EventsHandledAsync(CancellationToken cancellation)
    {
        using var master = await world.App.MasterAsync(cancellation);
        await Wait.UntilAsync(
            "An event is still being handled",
            async () => !(await master.GetAsync("/runtime/webhooks/durabletask/instances?runtimeStatus=Running,Pending", cancellation)).Body.EnumerateArray().Any(one => one.GetProperty("name").GetString() is "HandleCloudEvent" or "FollowSnapshot"),
            world.App.Process, cancellation);
    }

    private async Task<List<JsonElement>> DeliveriesAsync(CancellationToken cancellation) => [.. (await world.Control.DeliveriesAsync(cancellation)).EnumerateArray()];

    private async Task<List<JsonElement>> CopiesAsync(CancellationToken cancellation) =>
        [.. (await world.App.Api.SendAsync(HttpMethod.Get, $"/api/snapshots?policy={Policy}", null, null, cancellation)).Body.GetProperty("items").EnumerateArray()];
}
