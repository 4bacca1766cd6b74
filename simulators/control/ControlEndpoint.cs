using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
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
            ("POST", ["world", "volumes"]) => world.Volumes.Make(await BodyAsync<VolumeRequest>(request, cancellation)),
            ("GET", ["guest"]) => world.Guest.Report(),
            ("POST", ["guest", "start"]) => Done(world.Guest.Start, await BodyAsync<GuestRequest>(request, cancellation)),
            ("POST", ["guest", "stop"]) => await StopGuestAsync(),
            ("GET", ["faults"]) => world.Faults.List().Select(FaultAnswer.From),
            ("POST", ["faults"]) => new { id = world.Faults.Add((await BodyAsync<FaultRequest>(request, cancellation)).ToSpecification(world)) },
            ("DELETE", ["faults"]) => Done(world.Faults.Clear),
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
        pools = world.Pools.Select(pool => pool.Inventory()),
        hook = new { frozen = world.Agent.FrozenGuests().Count > 0 },
        calls = world.Faults.Calls,
    };

    private async Task<object> StopGuestAsync()
    {
        await world.Guest.StopAsync();
        return world.Guest.Report();
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

    private object Restart(string pool, RestartRequest request)
    {
        if (request.Seconds is < 0 or > 86_400) throw new ArgumentException("seconds is how long the pool is away, from 0 to 86400.");
        world.FindPool(pool).Restart(TimeSpan.FromSeconds(request.Seconds ?? 0));
        return new { };
    }

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
