using System.Text;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>What was seen before slots were given back counts no more: another job may have had the volume in between.</summary>
public sealed class ChangedPlans
{
    private const string Blocker = "blocker";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_waited_for_a_host_that_is_gone_looks_again_once_he_has_the_slots_of_another()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var (engine, client) = (life.Get<DurableEngine>(), life.Get<DurableTaskClient>());
        var hosts = (await life.Get<IXenServerPools>().CopyPool.Pool.ListHostsAsync(Cancellation)).OrderBy(host => host.NameLabel, StringComparer.Ordinal).ToList();
        await TellAsync(AdmissionEntity.Configure, new AdmissionLimits { HostCopies = 1 });
        await TellAsync(AdmissionEntity.Ask, new AdmissionRequest(Blocker, 1, [AdmissionSlots.Host(hosts[0].Uuid)], "", AdmissionPriorities.Restore));
        var id = await life.PostAsync(Cancellation);
        await engine.PumpAsync(async () => (await StateAsync()).Waiting.Any(wish => wish.Request.Instance == id && wish.Request.Stage == 2), Cancellation);

        await DisableAsync(world, hosts[0].NameLabel);
        await TellAsync(AdmissionEntity.Release, Blocker);
        List<string?> order = [];
        await engine.PumpAsync(async () => (order = [.. (await client.GetOrchestrationHistoryAsync(id, Cancellation)).Select(NameOf)]).Contains(StepNames.CreateStorageSnapshot), Cancellation);

        // Waited and found another host; gave the slots back and asked for the right ones; had them and looked again, before anything was made.
        order.RemoveAll(name => name is not (StepNames.ChooseCopyHost or "Ask" or "Release"));
        Assert.Equal(["Ask", "ChooseCopyHost", "Ask", "ChooseCopyHost", "Release", "Ask", "ChooseCopyHost"], order.Where((name, i) => i == 0 || order[i - 1] != name));

        async Task TellAsync(string operation, object input)
        {
            var sent = client.Entities.SignalEntityAsync(AdmissionEntity.Id, operation, input, null, Cancellation);
            await engine.PumpAsync(() => sent.IsCompleted, Cancellation);
            await sent;
        }

        async Task<AdmissionState> StateAsync() => (await client.Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, Cancellation))?.State ?? new AdmissionState();
    }

    private static string? NameOf(HistoryEvent one) => one switch
    {
        TaskScheduledEvent step => step.Name,
        EntityOperationCalledEvent call => call.Operation,
        _ => null,
    };

    /// <summary>As an administrator does for maintenance: nothing new is put on it.</summary>
    private static async Task DisableAsync(CrashWorld world, string host)
    {
        using var http = new HttpClient(world.Network, disposeHandler: false);
        var session = (string)(await CallAsync("session.login_with_password", "root", CrashWorld.PoolPassword, "1.0", "test"))!;
        var found = (string)(await CallAsync("host.get_by_name_label", session, host))![0]!;
        await CallAsync("host.disable", session, found);

        async Task<JsonNode?> CallAsync(string method, params string[] parameters)
        {
            var call = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = new JsonArray([.. parameters.Select(one => (JsonNode)one)]) };
            using var body = new StringContent(call.ToJsonString(), Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(new Uri("https://backup.test/jsonrpc"), body, Cancellation);
            var reply = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
            return reply["error"] is null ? reply["result"] : throw new InvalidOperationException(reply["error"]!.ToJsonString());
        }
    }
}
