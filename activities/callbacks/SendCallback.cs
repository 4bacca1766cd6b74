using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace SnapshotWorkflows.Activities.CallbackSteps;

/// <summary>
/// Tries once to deliver a report: POST of the JSON, signed as <c>X-SWF-Signature: Base64(HMAC-SHA256(secret, body))</c>, with <c>X-SWF-Event-ID</c> the same at every try. Any 2xx is
/// delivered; redirects are not followed.
/// </summary>
[DurableTask(StepNames.SendCallback)]
public sealed class SendCallback(CallbackSender sender, IActivityExecution execution) : StepActivity<ReportSnapshotInput, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(ReportSnapshotInput input, CancellationToken cancellation)
    {
        await sender.SendAsync(input, cancellation);
        return true;
    }
}

/// <summary>Signs and sends.</summary>
public sealed class CallbackSender(HttpClient http, IOptions<CallbackOptions> options, TimeProvider time)
{
    public const string SignatureHeader = "X-SWF-Signature";
    public const string EventHeader = "X-SWF-Event-ID";

    public async Task SendAsync(ReportSnapshotInput input, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(input);
        var settings = options.Value;
        if (!settings.Allows(input.CallbackUrl))
        {
            throw new StepFaultException(new StepFault("callback.not-allowed", FaultKind.Rejected, "The callback's address is not on the list of allowed ones.", "Add it to Callbacks:Allowed and set Callbacks:Secret, or ask without a callback."));
        }

        // Its receiver holds no operator's key.
        var (body, eventId) = input.Work is { } work
            ? (JsonSerializer.SerializeToUtf8Bytes(work.Public(), ContractsJson.Default.WorkReport), work.EventId)
            : (JsonSerializer.SerializeToUtf8Bytes(input.Report!.Public(), ContractsJson.Default.SnapshotReport), input.Report!.EventId);
        using var request = new HttpRequestMessage(HttpMethod.Post, input.CallbackUrl) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add(SignatureHeader, Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(settings.Secret), body)));
        request.Headers.Add(EventHeader, eventId);
        using var deadline = new CancellationTokenSource(settings.CallTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
            if (!answer.IsSuccessStatusCode) throw new StepFaultException(Refused(answer.StatusCode));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new StepFaultException(Unreachable($"no answer within {settings.CallTimeout.TotalSeconds:0.#} s"));
        }
        catch (HttpRequestException failure)
        {
            throw new StepFaultException(Unreachable(failure.HttpRequestError.ToString()), failure);
        }
    }

    // A receiver that is being deployed answers all kinds of things: only Gone is final.
    private static StepFault Refused(HttpStatusCode status) => status == HttpStatusCode.Gone
        ? new StepFault("callback.gone", FaultKind.Rejected, "The callback's receiver answered 410.", "Nothing: the receiver wants no more callbacks.")
        : new StepFault("callback.refused", FaultKind.Transient, $"The callback's receiver answered {(int)status}.", "Look at the receiver.");

    private static StepFault Unreachable(string why) => new("callback.unreachable", FaultKind.Transient, $"The callback's receiver was not reached: {why}.", "Look at the receiver and the network.");
}
