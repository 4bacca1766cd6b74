using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.SolidFire.Calls;

namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>
/// A SolidFire cluster: JSON-RPC at its management address, iSCSI targets at its storage address, real bytes behind both.
/// Faults are planned for system <c>solidfire</c> and the JSON-RPC method names.
/// </summary>
public sealed class SolidFireSimulator : ISimulatedEndpoint, ISteppable, IStorageArray
{
    /// <summary>Name of this system in fault plans and call counts.</summary>
    public const string SystemName = "solidfire";

    private readonly SolidFireOptions options;
    private readonly TimeProvider clock;
    private readonly FaultPlan faults;
    private readonly Cluster cluster;
    private readonly CallTable table = new();
    private readonly byte[] credentials;
    private long awayUntil;

    public SolidFireSimulator(SolidFireOptions options, TimeProvider clock, FaultPlan faults, SparseVolumeStore store)
    {
        this.options = options;
        this.clock = clock;
        this.faults = faults;
        cluster = new Cluster(options, clock, store);
        credentials = Encoding.UTF8.GetBytes($"{options.Username}:{options.Password}");
        new ClusterCalls(cluster, table).Register();
        new AccountCalls(cluster).Register(table);
        new VolumeCalls(cluster).Register(table);
        new SnapshotCalls(cluster).Register(table);
        new CloneCalls(cluster).Register(table);
        new AccessGroupCalls(cluster).Register(table);
    }

    public SolidFireOptions Options => options;

    /// <inheritdoc />
    public void Step() => cluster.Step();

    /// <inheritdoc />
    public IReadOnlyList<string> Discover(string initiatorIqn) => cluster.Discover(initiatorIqn);

    /// <inheritdoc />
    public ILunSession? Login(string initiatorIqn, string targetIqn) => cluster.Login(initiatorIqn, targetIqn);

    /// <summary>
    /// Executes a method as an administrator at the console would: no transport, no fault, no call count. For building worlds.
    /// </summary>
    /// <exception cref="InvalidOperationException">The API answers with an error; its name is in the message.</exception>
    public JsonObject Call(string method, JsonObject? parameters = null)
    {
        try
        {
            return Execute(method, new CallParameters(parameters ?? []));
        }
        catch (ApiError error)
        {
            throw new InvalidOperationException($"{method}: {error.Name}: {error.Message}", error);
        }
    }

    /// <summary>Everything that is on the array, those things included that its own lists hide.</summary>
    public JsonObject Inventory()
    {
        cluster.Step();
        lock (cluster.Gate)
        {
            return new JsonObject
            {
                ["volumes"] = Json.Array(cluster.Volumes.Values.Select(volume => new JsonObject
                {
                    ["id"] = volume.Id,
                    ["name"] = volume.Name,
                    ["status"] = volume.Status.ToString().ToLowerInvariant(),
                    ["attributes"] = volume.Attributes.DeepClone(),
                    ["accessGroups"] = Json.Array(cluster.AccessGroupsOf(volume)),
                })),
                ["snapshots"] = Json.Array(cluster.Snapshots.Values.Select(snapshot => new JsonObject
                {
                    ["id"] = snapshot.Id,
                    ["volumeId"] = snapshot.Volume.Id,
                    ["name"] = snapshot.Name,
                    ["attributes"] = snapshot.Attributes.DeepClone(),
                })),
                ["asyncJobs"] = Json.Array(cluster.Jobs.Values.Select(job => job.ToListJson(cluster.Now))),
                ["sessions"] = Json.Array(cluster.Sessions.Select(session => new JsonObject
                {
                    ["id"] = session.Id,
                    ["volumeId"] = session.Volume.Id,
                    ["initiator"] = session.Initiator,
                })),
            };
        }
    }

    /// <summary>Writes the LUN as it is now into a sparse raw file.</summary>
    public (long Bytes, long AllocatedBytes) MaterializeVolume(long volumeId, string path) => Volume(volumeId).Device.Materialize(path);

    /// <summary>Writes the LUN as it was at the snapshot into a sparse raw file.</summary>
    public (long Bytes, long AllocatedBytes) MaterializeSnapshot(long snapshotId, string path)
    {
        SparseVolume device;
        lock (cluster.Gate)
        {
            device = cluster.Snapshots.TryGetValue(snapshotId, out var snapshot)
                ? snapshot.Device.Snapshot()
                : throw new KeyNotFoundException($"The array has no snapshot {snapshotId}.");
        }

        using (device)
        {
            return device.Materialize(path);
        }
    }

    /// <inheritdoc />
    public async Task InvokeAsync(HttpContext context)
    {
        if (IsAway())
        {
            context.Abort();
            return;
        }

        Step();
        if (!IsAuthorized(context.Request))
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"Element API\"";
            await AnswerTextAsync(context, StatusCodes.Status401Unauthorized, "401 Unauthorized.\n");
            return;
        }

        if (!ServesPath(context.Request.Path))
        {
            await AnswerTextAsync(context, StatusCodes.Status404NotFound, "404 Not Found\n");
            return;
        }

        if (!HttpMethods.IsPost(context.Request.Method))
        {
            await AnswerTextAsync(context, StatusCodes.Status405MethodNotAllowed, "405 Method Not Allowed\n");
            return;
        }

        if (await ReadRequestAsync(context) is not { } request)
        {
            // Assumption: the status that accompanies malformed JSON is not documented.
            await AnswerTextAsync(context, StatusCodes.Status400BadRequest, "400 Bad Request: the body is not a JSON object\n");
            return;
        }

        await AnswerAsync(context, request);
    }

    private async Task AnswerAsync(HttpContext context, JsonObject request)
    {
        var method = request["method"]?.ToString() ?? "";
        var fault = faults.Take(SystemName, null, method);
        if (fault?.Action == FaultAction.Restart)
        {
            Volatile.Write(ref awayUntil, (clock.GetUtcNow() + fault.Duration).UtcTicks);
            context.Abort();
            return;
        }

        if (await FaultedExchange.EndsBeforeEffectAsync(context, fault))
        {
            return;
        }

        var answer = new JsonObject { ["id"] = request["id"]?.DeepClone() };
        try
        {
            if (fault?.Action == FaultAction.Fail)
            {
                var name = fault.ErrorName ?? "xInternalError";
                throw new ApiError(name, fault.ErrorParams.Count > 0 ? fault.ErrorParams[0] : name);
            }

            var parameters = new CallParameters(request["params"] switch
            {
                null => [],
                JsonObject members => members,
                _ => throw ApiError.InvalidParameterType("params"),
            });
            answer["result"] = Execute(method, parameters);
            faults.CountCall(SystemName, method);
            if (parameters.Unused() is { Count: > 0 } unused)
            {
                answer["unusedParameters"] = unused;
            }
        }
        catch (ApiError error)
        {
            answer["error"] = new JsonObject { ["code"] = 500, ["message"] = error.Message, ["name"] = error.Name };
        }

        await FaultedExchange.AnswerAsync(
            context, fault, clock, StatusCodes.Status200OK, "application/json", Encoding.UTF8.GetBytes(answer.ToJsonString()));
    }

    private JsonObject Execute(string method, CallParameters parameters)
    {
        if (!table.TryGet(method, out var call, out var writes))
        {
            throw new ApiError("xUnknownAPIMethod", $"method={method}");
        }

        cluster.Step();
        lock (cluster.Gate)
        {
            var result = call(parameters);
            if (writes)
            {
                cluster.Record(method, result);
            }

            return result;
        }
    }

    private Model.Volume Volume(long id)
    {
        lock (cluster.Gate)
        {
            return cluster.Volumes.TryGetValue(id, out var volume) ? volume : throw new KeyNotFoundException($"The array has no volume {id}.");
        }
    }

    private bool IsAway() => clock.GetUtcNow().UtcTicks < Volatile.Read(ref awayUntil);

    private bool IsAuthorized(HttpRequest request)
    {
        if (!AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var header)
            || !string.Equals(header.Scheme, "Basic", StringComparison.OrdinalIgnoreCase) || header.Parameter is null)
        {
            return false;
        }

        var given = new byte[header.Parameter.Length];
        return Convert.TryFromBase64String(header.Parameter, given, out var length)
            && CryptographicOperations.FixedTimeEquals(given.AsSpan(0, length), credentials);
    }

    private bool ServesPath(PathString path)
    {
        const string prefix = "/json-rpc/";
        var text = path.Value ?? "";
        return text.StartsWith(prefix, StringComparison.Ordinal)
            && ClusterCalls.SupportedVersions(options).Contains(text[prefix.Length..].TrimEnd('/'));
    }

    private static async Task<JsonObject?> ReadRequestAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        try
        {
            return JsonNode.Parse(body.GetBuffer().AsSpan(0, (int)body.Length)) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Task AnswerTextAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }
}
