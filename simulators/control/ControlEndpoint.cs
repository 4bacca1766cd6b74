using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Simulators.CloudStack;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.World;

namespace SnapshotWorkflows.Simulators.Control;

/// <summary>
/// The control address, for labs and tests only: makes worlds, plans faults, tells what is really there. JSON in camelCase; unknown
/// members are ignored. Errors are <c>{"error": "..."}</c> with 400 (cannot be done) or 404 (no such object or path).
/// </summary>
internal sealed class ControlEndpoint(SimulatedWorld world) : ISimulatedEndpoint
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    /// <inheritdoc />
    public async Task InvokeAsync(HttpContext context)
    {
        var (status, answer) = await AnswerAsync(context.Request, context.RequestAborted);
        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(answer, answer.GetType(), s_json, context.RequestAborted);
    }

    private async Task<(int Status, object Answer)> AnswerAsync(HttpRequest request, CancellationToken cancellation)
    {
        try
        {
            return (StatusCodes.Status200OK, await DispatchAsync(request, cancellation));
        }
        catch (KeyNotFoundException missing)
        {
            return (StatusCodes.Status404NotFound, new { error = missing.Message });
        }
        catch (JsonException malformed)
        {
            return (StatusCodes.Status400BadRequest, new { error = $"The body is not what this path takes: {malformed.Message}" });
        }
        catch (Exception refused) when (refused is ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            // InvalidOperationException carries the array's own refusal by name.
            return (StatusCodes.Status400BadRequest, new { error = refused.Message });
        }
    }

    private async Task<object> DispatchAsync(HttpRequest request, CancellationToken cancellation)
    {
        var path = (request.Path.Value ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        return (request.Method, path) switch
        {
            ("GET", ["inventory"]) => Inventory(),
            ("GET", ["leaks"]) => Leaks.Find(JsonSerializer.SerializeToNode(new { inventory = Inventory(), nfs = ExportFiles.In(world.NfsPath) }, s_json)!, Prefix(request)),
            ("GET", ["nfs"]) => ExportFiles.In(world.NfsPath),
            ("GET", ["faults", "unfired"]) => world.Faults.List().Where(fault => !fault.Fired).Select(FaultAnswer.From),
            ("POST", ["time", "skip"]) => Done(Skip, await BodyAsync<SkipRequest>(request, cancellation)),
            ("POST", ["solidfire", "jobs", "finish"]) => new { finished = world.Array.FinishJobs() },
            ("POST", ["solidfire", "purge"]) => new { purged = PurgeDeleted() },
            ("POST", ["solidfire", "restart"]) => Done(world.Array.Restart, Away(await BodyAsync<RestartRequest>(request, cancellation))),
            ("POST", ["solidfire", "second", "restart"]) => Done((world.Second ?? throw new KeyNotFoundException("There is one array alone.")).Restart, Away(await BodyAsync<RestartRequest>(request, cancellation))),
            ("POST", ["cloudstack", "restart"]) => Done(world.Cloud.Restart, Away(await BodyAsync<RestartRequest>(request, cancellation))),
            ("POST", ["cloudstack", "webhook"]) => Done(SetWebhook, await BodyAsync<WebhookRequest>(request, cancellation)),
            ("GET", ["cloudstack", "webhook", "deliveries"]) => world.Cloud.Webhooks.Deliveries,
            ("POST", ["cloudstack", "events"]) => await SendEventAsync(await BodyAsync<EventRequest>(request, cancellation)),
            ("POST", ["solidfire", "cluster-faults"]) => Done(SetClusterFault, await BodyAsync<ClusterFaultRequest>(request, cancellation)),
            ("POST", ["world", "volumes"]) => world.Volumes.Make(await BodyAsync<VolumeRequest>(request, cancellation)),
            ("POST", ["world", "volumes", var volume, "detach"]) => Done(() => world.Volumes.Detach(volume)),
            ("GET", ["guest"]) => world.Guest.Report(),
            ("POST", ["guest", "start"]) => Done(world.Guest.Start, await BodyAsync<GuestRequest>(request, cancellation)),
            ("POST", ["guest", "stop"]) => await StopGuestAsync(),
            ("GET", ["faults"]) => world.Faults.List().Select(FaultAnswer.From),
            ("POST", ["faults"]) => new { id = world.Faults.Add((await BodyAsync<FaultRequest>(request, cancellation)).ToSpecification(world)) },
            ("DELETE", ["faults"]) => Done(world.Faults.Clear),
            ("GET", ["weather"]) => world.Faults.Weather ?? new WeatherReport(0, new Dictionary<string, long>()),
            ("POST", ["weather"]) => Done(world.Faults.SetWeather, (await BodyAsync<WeatherRequest>(request, cancellation)).ToWeather()),
            ("DELETE", ["weather"]) => Done(() => world.Faults.SetWeather(null)),
            ("POST", ["nfs", "full"]) => Done(SetFull, await BodyAsync<FullRequest>(request, cancellation)),
            ("POST", ["solidfire", "snapshots", var id, "materialize"]) =>
                Materialized(world.Array.MaterializeSnapshot(Number(id), (await BodyAsync<MaterializeRequest>(request, cancellation)).Checked())),
            ("POST", ["solidfire", "volumes", var id, "materialize"]) =>
                Materialized(world.Array.MaterializeVolume(Number(id), (await BodyAsync<MaterializeRequest>(request, cancellation)).Checked())),
            ("POST", ["solidfire", "volumes", var id, "fill-snapshots"]) => FillSnapshots(Number(id), (await BodyAsync<FillSnapshotsRequest>(request, cancellation)).Count),
            ("POST", ["xenserver", var pool, "restart"]) => Restart(pool, await BodyAsync<RestartRequest>(request, cancellation)),
            ("POST", ["xenserver", var pool, "hosts", var host, "offline"]) => Done(() => world.FindPool(pool).SetHostOffline(host, offline: true)),
            ("POST", ["xenserver", var pool, "hosts", var host, "online"]) => Done(() => world.FindPool(pool).SetHostOffline(host, offline: false)),
            ("POST", ["xenserver", var pool, "vdis", var vdi, "snapshot"]) => new { vdiUuid = world.FindPool(pool).World.SnapshotVdi(vdi) },
            _ => throw new KeyNotFoundException($"There is no {request.Method} {request.Path}."),
        };
    }

    private object Inventory() => new
    {
        solidfire = world.Array.Inventory(),
        secondSolidfire = world.Second?.Inventory(),
        pools = world.Pools.Select(pool => pool.Inventory()),
        cloudstack = world.Cloud.Inventory(),
        hook = new { frozen = world.Agent.FrozenGuests().Count > 0 },
        calls = world.Faults.Calls,
    };

    private async Task<object> StopGuestAsync()
    {
        await world.Guest.StopAsync();
        return world.Guest.Report();
    }

    /// <summary>As the array does by itself eight hours after each deletion.</summary>
    private int PurgeDeleted()
    {
        var deleted = world.Array.Inventory()["volumes"]!.AsArray().Where(volume => (string)volume!["status"]! == "deleted").Select(volume => (long)volume!["id"]!).ToList();
        foreach (var id in deleted) world.Array.Call("PurgeDeletedVolume", new JsonObject { ["volumeID"] = id });
        return deleted.Count;
    }

    private object FillSnapshots(long volume, int count)
    {
        if (count is < 1 or > 100) throw new ArgumentException("count is from 1 to 100.");
        if (world.Array.Inventory()["volumes"]!.AsArray().All(known => (long)known!["id"]! != volume)) throw new KeyNotFoundException($"The array has no volume {volume}.");
        var made = new List<long>();
        for (var i = 1; i <= count; i++)
            made.Add((long)world.Array.Call("CreateSnapshot", new JsonObject { ["volumeID"] = volume, ["name"] = $"filler-{i}" })["snapshotID"]!);
        return new { snapshotIds = made };
    }

    private void SetFull(FullRequest request)
    {
        foreach (var pool in world.Pools) pool.SetExportFull(request.Full);
    }

    private object Restart(string pool, RestartRequest request) => Done(world.FindPool(pool).Restart, Away(request));

    private static TimeSpan Away(RestartRequest request) => request.Seconds is < 0 or > 86_400
        ? throw new ArgumentException("seconds is how long it is away, from 0 to 86400.")
        : TimeSpan.FromSeconds(request.Seconds ?? 0);

    private void Skip(SkipRequest request)
    {
        if (!(request.Seconds is > 0 and <= 31_622_400)) throw new ArgumentException("seconds is how much time is skipped, more than 0 and at most 31622400.");
        world.Clock.Skip(TimeSpan.FromSeconds(request.Seconds));
        world.Driver.Step();
    }

    private void SetClusterFault(ClusterFaultRequest request)
    {
        if (request.Severity is not ("bestPractice" or "warning" or "error" or "critical")) throw new ArgumentException("severity is bestPractice, warning, error or critical.");
        world.Array.SetFault(request.Code, request.Severity, request.Type, request.Details, request.Resolved);
    }

    private void SetWebhook(WebhookRequest request) => world.Cloud.Webhooks.SetTarget(request.PayloadUrl is null ? null : Target(request.PayloadUrl, request.SecretKey));

    /// <summary>Sends an event as often as asked, each time the same, as a server does that lost track of what it delivered.</summary>
    private async Task<object> SendEventAsync(EventRequest request)
    {
        if (request.Times is < 1 or > 100) throw new ArgumentException("times is from 1 to 100.");
        var target = Target(request.PayloadUrl, request.SecretKey);
        var occurred = new CloudActionEvent
        {
            Id = request.EventId ?? Guid.NewGuid().ToString(),
            Type = request.Event,
            Status = request.Status,
            User = "admin",
            Account = request.Account,
            Entity = "com.cloud.storage.Snapshot",
            EntityUuid = request.EntityUuid,
            Description = request.Description,
            At = world.Clock.GetUtcNow(),
            Related = new Dictionary<string, string>(StringComparer.Ordinal) { ["Snapshot"] = request.EntityUuid },
        };
        var deliveries = new List<WebhookDelivery>();
        for (var i = 0; i < request.Times; i++) deliveries.Add(await world.Cloud.Webhooks.DeliverAsync(target, occurred));
        return deliveries;
    }

    private static WebhookTarget Target(string url, string? secret) => Uri.TryCreate(url, UriKind.Absolute, out var address) && address.IsLoopback
        ? new WebhookTarget(address, secret)
        : throw new ArgumentException($"payloadUrl is an address on this machine, not '{url}'.");

    private static string Prefix(HttpRequest request) =>
        request.Query["prefix"].ToString() is { Length: > 0 } prefix ? prefix : throw new ArgumentException("prefix is required: what the names of the things looked for begin with.");

    private static object Materialized((long Bytes, long AllocatedBytes) file) => new { bytes = file.Bytes, allocatedBytes = file.AllocatedBytes };

    private static object Done<T>(Action<T> effect, T argument) => Done(() => effect(argument));

    private static object Done(Action effect)
    {
        effect();
        return new { };
    }

    private static long Number(string id) => long.TryParse(id, out var number) ? number : throw new KeyNotFoundException($"'{id}' is no id of the array.");

    /// <summary>An absent body is an empty object.</summary>
    private static async Task<T> BodyAsync<T>(HttpRequest request, CancellationToken cancellation)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellation);
        ReadOnlySpan<byte> text = body.Length == 0 ? "{}"u8 : body.GetBuffer().AsSpan(0, (int)body.Length);
        return JsonSerializer.Deserialize<T>(text, s_json) ?? throw new JsonException("it is null.");
    }
}
