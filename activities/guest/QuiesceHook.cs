using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>Calls the guest-side agent. A freeze carries its own end: the agent thaws when the time to live is over.</summary>
public sealed class QuiesceHook(HttpClient http, IOptions<QuiesceHookOptions> options, TimeProvider time)
{
    private readonly QuiesceHookOptions _options = options.Value;

    /// <summary>Freezes, or finds the guest frozen by this very marker.</summary>
    public async Task<FreezeAnswer> FreezeAsync(string vmId, string marker, CancellationToken cancellation) =>
        await SendAsync("freeze", vmId, new HookRequest(vmId, marker, _options.TimeToLive.TotalSeconds), HookJson.Default.FreezeAnswer, _options.CallTimeout, cancellation)
        ?? throw new StepFaultException(Unreachable("freeze", "the agent gave no answer"));

    /// <summary>Thaws, and tells whether the freeze of this marker had lasted without a break.</summary>
    public async Task<ThawAnswer> ThawAsync(string vmId, string marker, CancellationToken cancellation) =>
        await SendAsync("thaw", vmId, new HookRequest(vmId, marker, TimeToLiveSeconds: null), HookJson.Default.ThawAnswer, _options.ThawTimeout, cancellation)
        ?? throw new StepFaultException(Unreachable("thaw", "the agent gave no answer"));

    private async Task<T?> SendAsync<T>(string verb, string vmId, HookRequest body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, TimeSpan longest, CancellationToken cancellation)
        where T : class
    {
        if (_options.Url.Length == 0)
        {
            throw new StepFaultException(new StepFault(
                "quiesce.not-configured", FaultKind.Rejected, "No quiesce hook is configured.", "Set Quiesce:Hook:Url and Quiesce:Hook:Token, or ask for quiesce 'none'."));
        }

        using var deadline = new CancellationTokenSource(longest, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        var address = new Uri($"{_options.Url.Replace("{vmId}", Uri.EscapeDataString(vmId), StringComparison.Ordinal).TrimEnd('/')}/{verb}");
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = JsonContent.Create(body, HookJson.Default.HookRequest) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _options.Token);
        try
        {
            using var response = await http.SendAsync(request, linked.Token);
            if (!response.IsSuccessStatusCode) throw new StepFaultException(Refused(verb, response.StatusCode));
            return await response.Content.ReadFromJsonAsync(type, linked.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new StepFaultException(Unreachable(verb, $"no answer within {longest.TotalSeconds:0.#} s"));
        }
        catch (HttpRequestException failure)
        {
            throw new StepFaultException(Unreachable(verb, failure.HttpRequestError.ToString()), failure);
        }
        catch (JsonException failure)
        {
            throw new StepFaultException(Unreachable(verb, "the answer is not what docs/quiesce-hook.md says"), failure);
        }
    }

    private static StepFault Unreachable(string verb, string why) =>
        new("quiesce.unreachable", FaultKind.Transient, $"The quiesce hook did not {verb}: {why}.", "Check the agent in the guest, Quiesce:Hook:Url and the network; the agent thaws by itself at the end of its time to live.");

    private static StepFault Refused(string verb, HttpStatusCode status) => status switch
    {
        HttpStatusCode.Conflict => new("quiesce.busy", FaultKind.Busy, "The guest is frozen for another request.", "Wait: that freeze ends by itself."),
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new("quiesce.denied", FaultKind.Rejected, "The quiesce hook refuses our token.", "Check Quiesce:Hook:Token."),
        HttpStatusCode.NotFound => new("quiesce.unknown-vm", FaultKind.Rejected, "The quiesce hook does not know this VM.", "Install or register the agent in the guest, or ask for quiesce 'none'."),
        >= HttpStatusCode.InternalServerError => Unreachable(verb, $"HTTP {(int)status}"),
        _ => new("quiesce.refused", FaultKind.Rejected, $"The quiesce hook answered {(int)status} to {verb}.", "Look at the agent's log."),
    };
}

internal sealed record HookRequest(string VmId, string Marker, double? TimeToLiveSeconds);

public sealed record FreezeAnswer(bool Frozen, string Marker, DateTimeOffset At);

public sealed record ThawAnswer(string Marker, bool Held, double HeldMs);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HookRequest))]
[JsonSerializable(typeof(FreezeAnswer))]
[JsonSerializable(typeof(ThawAnswer))]
internal sealed partial class HookJson : JsonSerializerContext;
