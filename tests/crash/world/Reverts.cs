using System.Text.Json;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Crash.Explorer;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>Snapshots to go back to, and the going back, as a caller asks for it.</summary>
internal static class Reverts
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A snapshot on the array alone.</summary>
    /// <param name="naming">The volume's name in the request; null: CloudStack's.</param>
    public static async Task<RequestKey> KeptAsync(CrashWorld world, string? naming = null)
    {
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await life.PostAsync(
            "/api/snapshots", $$"""{{{naming ?? $"\"volumeId\":\"{world.Volume.CloudStackId}\""}},"locationType":"primary"}""",
            (request, client) => life.Get<SnapshotTriggers>().CreateAsync(AsOperator(request), client, Cancellation), Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(id, Cancellation)).RuntimeStatus);
        return new RequestKey(id);
    }

    /// <summary>A copy whose snapshot is kept on the array besides.</summary>
    public static async Task<RequestKey> CopiedAsync(CrashWorld world)
    {
        await using var life = new Life(world, CrashSwitch.Never);
        var id = await life.PostAsync(
            "/api/snapshots", $$"""{"volumeId":"{{world.Volume.CloudStackId}}","keepOnPrimary":true}""", (request, client) => life.Get<SnapshotTriggers>().CreateAsync(AsOperator(request), client, Cancellation), Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(id, Cancellation)).RuntimeStatus);
        return new RequestKey(id);
    }

    /// <summary>The copy of a snapshot that CloudStack took, and keeps on the array.</summary>
    public static async Task<RequestKey> AdoptedAsync(CrashWorld world)
    {
        var id = Guid.NewGuid().ToString();
        world.Array.Call("CreateSnapshot", new JsonObject { ["volumeID"] = world.Volume.VolumeId, ["name"] = $"DATA-1-{id}", ["attributes"] = new JsonObject { ["CloudStackSnapshotId"] = "31" } });
        world.Cloud.Add(new Simulators.CloudStack.CloudSnapshot(id, "daily", world.Volume.CloudStackId, "tenant", world.Cloud.ZoneId, "BackedUp", "PRIMARY", "MANUAL", "MANUAL", world.Clock.GetUtcNow()));
        await using var life = new Life(world, CrashSwitch.Never);
        var copy = await life.PostAsync(
            "/api/snapshots", $$"""{"volumeId":"{{world.Volume.CloudStackId}}","adoptSnapshotId":"{{id}}"}""",
            (request, client) => life.Get<SnapshotTriggers>().CreateAsync(AsOperator(request), client, Cancellation), Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.Get<DurableEngine>().PumpAsync(copy, Cancellation)).RuntimeStatus);
        return new RequestKey(copy);
    }

    public static Task<string> PostAsync(Life life, RequestKey snapshot, string attempt = "") => life.PostAsync(
        $"/api/snapshots/{snapshot.Uuid}/revert", "", (request, client) => life.Get<RevertTriggers>().CreateAsync(request, snapshot.Uuid, client, Cancellation), Cancellation, $"revert{attempt}");

    public static async Task<OrchestrationMetadata> RunAsync(Life life, RequestKey snapshot, string attempt = "") =>
        await life.Get<DurableEngine>().PumpAsync(await PostAsync(life, snapshot, attempt), Cancellation);

    public static async Task<string> CodeAsync(Life life, RequestKey snapshot, string attempt = "") => StepFault.From((await RunAsync(life, snapshot, attempt)).FailureDetails!).Code;

    /// <summary>Asks for a cancel, as over HTTP: the status, and of a refusal its code.</summary>
    public static async Task<(int Status, string? Code)> CancelAsync(Life life, string revert)
    {
        var (status, _, answer) = await life.SendAsync(
            $"/api/reverts/{revert}/cancel", "", (request, client) => life.Get<RevertTriggers>().CancelAsync(request, new RequestKey(revert).Uuid, client, Cancellation), Cancellation);
        using var body = JsonDocument.Parse(answer);
        return (status, body.RootElement.TryGetProperty("code", out var code) ? code.GetString() : null);
    }

    /// <summary>Runs until it shows that it waits for this.</summary>
    public static async Task<RevertStatus> UntilWaitingAsync(Life life, string revert, string code)
    {
        RevertStatus? status = null;
        await life.Get<DurableEngine>().PumpAsync(
            async () => (status = (await life.Get<DurableTaskClient>().GetInstanceAsync(revert, getInputsAndOutputs: true, Cancellation))!.ReadCustomStatusAs<RevertStatus>())?.Waiting?.Code == code, Cancellation);
        return status!;
    }

    /// <summary>What was saved on the array of what the volume held before.</summary>
    public static List<JsonObject> Saved(CrashWorld world) =>
        [.. world.Array.Call("ListSnapshots")["snapshots"]!.AsArray().Select(one => one!.AsObject()).Where(snapshot => ((string)snapshot["name"]!).EndsWith("-saved", StringComparison.Ordinal))];

    private static Microsoft.AspNetCore.Http.HttpRequest AsOperator(Microsoft.AspNetCore.Http.HttpRequest request)
    {
        request.HttpContext.User = new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity([new(System.Security.Claims.ClaimTypes.Role, "operator")], "test"));
        return request;
    }
}
