using System.Text.Json;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>
/// A policy that comes each minute and keeps the last two: copies are taken, older ones expire, and the preview says so. The store is asked, not the product. With kills the app dies in a run's
/// look-up, in a copy and in the first deletion.
/// </summary>
internal sealed class PolicyScenario(LabWorld world, RunOptions options, Screen screen)
{
    private const string Policy = "every-minute";
    private const int Kept = 2;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);

    public async Task<string> RunAsync(string imagePath, CancellationToken cancellation)
    {
        var api = world.App.Api;
        var volume = await world.Control.MakeVolumeAsync("data-1", imagePath, cancellation);
        var before = await world.Control.InventoryAsync(cancellation);
        var killer = options.Kill ? new CallKiller(world.App, world.Control, screen, options.Seed, KillPlan.PolicyRun) : null;
        if (killer is not null) await killer.ArmAsync(cancellation);
        using var inDeletion = options.Kill ? StoreKiller.OfDeletion(world, options.Seed, screen) : null;
        var put = await api.SendAsync(HttpMethod.Put, $"/api/policies/{Policy}", new { schedule = "* * * * *", volumes = new { ids = new[] { volume.CloudStackVolumeId } }, keep = new { last = Kept } }, null, cancellation);
        if (put.Status != 200) throw new LabException($"PUT /api/policies/{Policy} answered {put.Status}: {put.Body}");
        screen.Line($"PUT /api/policies/{Policy} {{schedule: each minute, keep: last {Kept}}} -> 200, next at {put["nextAt"]}");

        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        var (previewed, killed) = (false, false);
        using var patience = new CancellationTokenSource(s_patience);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        while (!seen.ContainsValue("Destroyed") || seen.Values.Count(state => state == "BackedUp") < Kept)
        {
            if (patience.IsCancellationRequested) throw new LabException($"After {s_patience.TotalMinutes:0} minutes no copy has expired: {string.Join(", ", seen.Values)}", [.. world.Logs]);
            world.App.Process!.ThrowIfExited();
            foreach (var copy in await CopiesAsync(cancellation))
            {
                var (id, state) = (copy.GetProperty("id").GetString()!, copy.GetProperty("state").GetString()!);
                if (seen.TryGetValue(id, out var known) && known == state) continue;
                seen[id] = state;
                if (state is "BackedUp" or "Destroyed" or "Error") screen.Line($"copy {id} is {state}");
                if (state == "Error") throw new LabException($"A copy of the policy failed: {copy}", [.. world.Logs]);
            }

            if (!previewed && seen.Values.Count(state => state == "BackedUp") == Kept) previewed = await PreviewAsync(cancellation);
            if (killer is not null) await killer.StepAsync(cancellation);
            if (inDeletion is { Seen: true } && !killed)
            {
                await inDeletion.KillAsync(cancellation);
                killed = true;
            }

            await Task.Delay(Wait.Pause, cancellation);
        }

        if (killer is { Done: false }) throw new LabException($"The policy ran without kill {killer.Kills + 1} ({killer.Next}).", [.. world.Logs]);
        if (inDeletion is not null && !killed) await inDeletion.KillAsync(cancellation);

        // No more are taken, and what runs comes to its end, before the store is asked.
        await api.SendAsync(HttpMethod.Delete, $"/api/policies/{Policy}", null, null, cancellation);
        await Wait.UntilAsync("A copy is still being made or deleted", async () => (await CopiesAsync(cancellation)).All(copy => copy.GetProperty("ended").GetBoolean() && copy.GetProperty("state").GetString() != "Destroying"), world.App.Process, cancellation);
        var copies = (await CopiesAsync(cancellation)).Where(copy => copy.GetProperty("state").GetString() == "BackedUp").ToList();
        var keeps = copies.SelectMany(copy => (string[])[copy.GetProperty("manifest").GetString()!, copy.GetProperty("location").GetString()!]).ToHashSet(StringComparer.Ordinal);
        await Wait.UntilAsync("Something is left", async () => !Leftovers.Find(before, await world.Control.InventoryAsync(cancellation), await world.Secondary.NamesAsync(cancellation), keeps).Any(), world.App.Process, cancellation);
        screen.Line($"the store holds {copies.Count} copies and nothing of those that expired; nothing is left on array and hosts (asked of them)");
        var audit = (await api.SendAsync(HttpMethod.Get, "/api/audit?top=1000", null, null, cancellation)).Body.GetProperty("items").EnumerateArray().Count(line => line.GetProperty("what").GetString() == "policy.run");
        screen.Line($"the audit trail tells of {audit} runs");
        var after = await world.Control.InventoryAsync(cancellation);
        int Made(string call) => after.Calls.GetValueOrDefault(call) - before.Calls.GetValueOrDefault(call);
        var taken = (await CopiesAsync(cancellation)).Count;
        if (Made("solidfire.CreateSnapshot") != taken || Made("solidfire.CloneVolume") != taken)
            throw new LabException($"{taken} copies were made of {Made("solidfire.CreateSnapshot")} snapshots and {Made("solidfire.CloneVolume")} clones.", [.. world.Logs]);
        screen.Line($"{taken} copies, {taken} snapshots and {taken} clones: each made once (asked of the array)");
        return $"policy: {seen.Count} copies taken, {seen.Values.Count(state => state == "Destroyed")} expired, {copies.Count} kept and verified";
    }

    private async Task<List<JsonElement>> CopiesAsync(CancellationToken cancellation) =>
        [.. (await world.App.Api.SendAsync(HttpMethod.Get, $"/api/snapshots?policy={Policy}", null, null, cancellation)).Body.GetProperty("items").EnumerateArray()];

    private async Task<bool> PreviewAsync(CancellationToken cancellation)
    {
        var preview = await world.App.Api.SendAsync(HttpMethod.Post, $"/api/policies/{Policy}/preview", null, null, cancellation);
        screen.Line($"POST /api/policies/{Policy}/preview -> {preview.Status}");
        foreach (var verdict in preview.Body.GetProperty("copies").EnumerateArray().SelectMany(one => one.GetProperty("verdicts").EnumerateArray()))
        {
            screen.Plain($"            {verdict.GetProperty("takenAt").GetString()}  {(verdict.GetProperty("keep").GetBoolean() ? "stays" : "goes "),-5}  {string.Join(", ", verdict.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString()))}");
        }

        return true;
    }
}
