using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.Guest;

/// <summary>
/// The quiesce hook: one address for the agents of all guests (HOOK.md is its contract). Faults are planned for system <c>hook</c>
/// and the methods <c>freeze</c>, <c>thaw</c> and <c>state</c>.
/// </summary>
public sealed class GuestAgent(string token, TimeProvider clock, FaultPlan faults) : ISimulatedEndpoint, IDisposable
{
    /// <summary>Name of this system in fault plans and call counts.</summary>
    public const string SystemName = "hook";

    /// <summary>Longest time to live that a freeze may ask for.</summary>
    public static readonly TimeSpan LongestTimeToLive = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, GuestFreeze> guests = new(StringComparer.OrdinalIgnoreCase);
    private readonly byte[] expected = Encoding.UTF8.GetBytes($"Bearer {token}");

    /// <summary>Makes a guest known, by its uuid on the hypervisor and by further names if it has any.</summary>
    public GuestFreeze AddGuest(string vmUuid, params ReadOnlySpan<string> aliases)
    {
        var guest = guests.GetOrAdd(vmUuid, _ => new GuestFreeze(clock));
        foreach (var alias in aliases)
        {
            guests[alias] = guest;
        }

        return guest;
    }

    /// <summary>The guest of this name, or null.</summary>
    public GuestFreeze? Find(string vmId) => guests.GetValueOrDefault(vmId);

    /// <summary>Names of the guests that are frozen now.</summary>
    public IReadOnlyList<string> FrozenGuests() => [.. guests.Where(guest => guest.Value.Active is not null).Select(guest => guest.Key).Order(StringComparer.Ordinal)];

    /// <inheritdoc />
    public async Task InvokeAsync(HttpContext context)
    {
        var segments = (context.Request.Path.Value ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        // The address may be one guest's own, with its uuid in front; the body still names it.
        var method = segments.Length > 2 ? null : (context.Request.Method, segments.LastOrDefault()) switch
        {
            ("POST", "freeze") => "freeze",
            ("POST", "thaw") => "thaw",
            ("GET", "state") => "state",
            _ => null,
        };
        var given = Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString());
        if (!CryptographicOperations.FixedTimeEquals(given, expected))
        {
            await AnswerAsync(context, null, 401, Problem("hook.unauthorized", "The bearer token is missing or wrong."));
            return;
        }

        if (method is null)
        {
            await AnswerAsync(context, null, 404, Problem("hook.unknownPath", "Known are POST /freeze, POST /thaw and GET /state."));
            return;
        }

        var fault = faults.Take(SystemName, null, method);
        if (fault?.Action == FaultAction.Restart)
        {
            fault.Shows();
            context.Abort();
            return;
        }

        if (await FaultedExchange.EndsBeforeEffectAsync(context, fault))
        {
            return;
        }

        if (fault?.Action == FaultAction.Fail)
        {
            fault.Shows();
        }

        var (status, body) = fault?.Action == FaultAction.Fail
            ? (500, Problem(fault.ErrorName ?? "hook.failed", fault.ErrorParams.Count > 0 ? fault.ErrorParams[0] : "The agent failed."))
            : await ExecuteAsync(context, method);
        if (status == 200)
        {
            faults.CountCall(SystemName, method);
        }

        await AnswerAsync(context, fault, status, body);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var guest in guests.Values.Distinct())
        {
            guest.Dispose();
        }
    }

    private async Task<(int Status, JsonObject Body)> ExecuteAsync(HttpContext context, string method)
    {
        if (method == "state")
        {
            return State(context.Request.Query["vmId"]);
        }

        if (await ReadAsync(context) is not { } request)
        {
            return (400, Problem("hook.malformed", "The body must be a JSON object."));
        }

        if (Text(request, "vmId") is not { } vmId || Text(request, "marker") is not { } marker)
        {
            return (400, Problem("hook.malformed", "vmId and marker are required texts."));
        }

        if (Find(vmId) is not { } guest)
        {
            return (404, Problem("hook.unknownVm", $"No guest agent is known for {vmId}."));
        }

        if (method == "thaw")
        {
            return (200, Describe(guest.Thaw(marker)));
        }

        if (request["timeToLiveSeconds"] is not JsonValue value || !value.TryGetValue(out double seconds)
            || seconds <= 0 || seconds > LongestTimeToLive.TotalSeconds)
        {
            return (400, Problem("hook.timeToLive", $"timeToLiveSeconds must be more than 0 and at most {LongestTimeToLive.TotalSeconds}."));
        }

        return await guest.FreezeAsync(marker, TimeSpan.FromSeconds(seconds), context.RequestAborted) is { } frozen
            ? (200, new JsonObject { ["frozen"] = true, ["at"] = Time(frozen.At), ["marker"] = frozen.Marker, ["expiresAt"] = Time(frozen.ExpiresAt) })
            : (409, Problem("hook.frozenByOther", "The guest is frozen by another marker; wait until it is thawed."));
    }

    private (int Status, JsonObject Body) State(string? vmId)
    {
        if (string.IsNullOrEmpty(vmId))
        {
            return (200, new JsonObject
            {
                ["frozen"] = guests.Values.Any(guest => guest.Active is not null),
                ["guests"] = new JsonArray([.. guests.OrderBy(guest => guest.Key, StringComparer.Ordinal).Select(guest =>
                {
                    var state = Describe(guest.Value.Active);
                    state["vmId"] = guest.Key;
                    return state;
                })]),
            });
        }

        return Find(vmId) is { } known
            ? (200, Describe(known.Active))
            : (404, Problem("hook.unknownVm", $"No guest agent is known for {vmId}."));
    }

    private static JsonObject Describe(ActiveFreeze? active) => active is null
        ? new JsonObject { ["frozen"] = false }
        : new JsonObject { ["frozen"] = true, ["marker"] = active.Marker, ["at"] = Time(active.At), ["expiresAt"] = Time(active.ExpiresAt) };

    private static JsonObject Describe(FreezeOutcome outcome) => new()
    {
        ["marker"] = outcome.Marker,
        ["held"] = outcome.Held,
        ["frozenAt"] = outcome.FrozenAt is { } from ? Time(from) : null,
        ["thawedAt"] = outcome.ThawedAt is { } to ? Time(to) : null,
        ["heldMs"] = outcome.HeldMilliseconds,
    };

    private static JsonObject Problem(string code, string message) => new() { ["code"] = code, ["message"] = message };

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("O");

    private static string? Text(JsonObject request, string name) =>
        request[name] is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0 ? text : null;

    private static async Task<JsonObject?> ReadAsync(HttpContext context)
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

    private Task AnswerAsync(HttpContext context, FaultSpecification? fault, int status, JsonObject body) =>
        FaultedExchange.AnswerAsync(context, fault, clock, status, "application/json", Encoding.UTF8.GetBytes(body.ToJsonString()));
}
