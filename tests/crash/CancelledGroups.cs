using System.Text.Json;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.CatalogSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A group that was cancelled, as its route and its members' routes tell it: alike, also after a restart and with a catalog that was made anew.</summary>
public sealed class CancelledGroups
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Its_members_have_ended_by_every_route_or_are_shown_by_none()
    {
        var (none, ended) = (0, 0);
        for (var moment = 5; ; moment += 23)
        {
            using var world = SnapshotGroupFaults.World();
            if (await CancelAsync(world, moment) is not { } id) break;
            await using var after = new Life(world, CrashSwitch.Never);
            await new CatalogRebuild(after.Get<SecondaryDestinations>(), after.Get<SnapshotIndex>(), after.Get<Marker>()).RunAsync(progress: null, Cancellation);
            var group = await AskAsync(after, (request, client) => after.Get<GroupTriggers>().GetAsync(request, id, client, Cancellation));
            Assert.True(group.GetProperty("ended").GetBoolean());
            var members = group.GetProperty("members").EnumerateArray().ToList();
            foreach (var member in members)
            {
                var own = await AskAsync(after, (request, client) => after.Get<SnapshotTriggers>().GetAsync(request, member.GetProperty("snapshotId").GetString()!, client, Cancellation));
                Assert.Equal((true, member.GetProperty("state").GetString()), (own.GetProperty("ended").GetBoolean(), own.GetProperty("state").GetString()));
                Assert.Equal(own.TryGetProperty("failure", out var why), member.TryGetProperty("failure", out var told));
                if (why.ValueKind == JsonValueKind.Object) Assert.Equal(why.GetProperty("code").GetString(), told.GetProperty("code").GetString());
            }

            Assert.Equal(members.Count, after.Get<SnapshotIndex>().List(new SnapshotQuery()).Rows.Count);
            if (members.Count == 0) none++;
            else ended++;
        }

        Assert.True(none > 0 && ended > 0, $"{none} were cancelled before their members began, {ended} later");
    }

    /// <returns>Null where it had ended before the moment came.</returns>
    private static async Task<string?> CancelAsync(CrashWorld world, int moment)
    {
        var counter = CrashSwitch.Never;
        await using var life = new Life(world, counter);
        var id = await life.PostGroupAsync(Cancellation);
        var engine = life.Get<DurableEngine>();
        try
        {
            await engine.PumpAsync(() => counter.Seen >= moment, Cancellation);
        }
        catch (PumpStalledException)
        {
            return null;
        }

        var raise = life.Get<DurableTaskClient>().RaiseEventAsync(id, "Cancel", "test", Cancellation);
        await engine.PumpAsync(() => raise.IsCompleted, Cancellation);
        await raise;
        return Guid.Parse((await engine.PumpAsync(id, Cancellation)).InstanceId).ToString();
    }

    private static async Task<JsonElement> AskAsync(Life life, Func<Microsoft.AspNetCore.Http.HttpRequest, DurableTaskClient, Task<Microsoft.AspNetCore.Mvc.IActionResult>> route)
    {
        var (status, _, answer) = await life.SendAsync("/", "", route, Cancellation);
        Assert.Equal(200, status);
        return JsonElement.Parse(answer);
    }
}
