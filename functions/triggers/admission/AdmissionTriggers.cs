using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>/api/admission: who works, who waits and why; stopping everything, and maintenance windows.</summary>
public sealed class AdmissionTriggers(AuditTrail audit, TimeProvider time)
{
    private static readonly string[] s_pause = ["reason"];
    private static readonly string[] s_window = ["from", "until", "reason"];

    [Function("GetAdmission")]
    public async Task<IActionResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "admission")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation)
    {
        var state = (await client.Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, cancellation))?.State ?? new AdmissionState();
        return new JsonResult<AdmissionView>(200, AdmissionView.Of(state, time.GetUtcNow()).For(request), TriggersJson.Default.AdmissionView);
    }

    [Function("PauseAdmission")]
    public Task<IActionResult> PauseAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "admission/pause")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation) =>
        TellAsync(request, client, AdmissionEntity.Pause, body => new AdmissionPause(request.Caller(), body?.Text("reason"), time.GetUtcNow()), s_pause, cancellation);

    [Function("ResumeAdmission")]
    public Task<IActionResult> ResumeAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "admission/resume")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation) =>
        TellAsync(request, client, AdmissionEntity.Resume, _ => null, s_pause, cancellation);

    [Function("AddMaintenanceWindow")]
    public Task<IActionResult> AddWindowAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "admission/windows")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation) =>
        TellAsync(request, client, AdmissionEntity.AddWindow, Window, s_window, cancellation);

    [Function("ClearMaintenanceWindows")]
    public Task<IActionResult> ClearWindowsAsync(
        [HttpTrigger(AuthorizationLevel.Function, "delete", Route = "admission/windows")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellation) =>
        TellAsync(request, client, AdmissionEntity.ClearWindows, _ => null, s_pause, cancellation);

    private async Task<IActionResult> TellAsync(HttpRequest request, DurableTaskClient client, string operation, Func<BodyReader?, object?> read, string[] known, CancellationToken cancellation)
    {
        try
        {
            var body = await request.ReadBodyAsync(cancellation);
            var input = body.Length == 0 ? read(null) : BodyReader.Parse(body, known, read);
            await client.Entities.SignalEntityAsync(AdmissionEntity.Id, operation, input, null, cancellation);
            audit.Add(request.Caller(), $"admission.{operation}", AdmissionEntity.Name, "done");
            return new StatusCodeResult(StatusCodes.Status202Accepted);
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }

    private MaintenanceWindow Window(BodyReader? body)
    {
        var from = body is null ? null : Time(body, "from");
        var until = body is null ? null : Time(body, "until");
        var now = time.GetUtcNow();
        return until is { } end && end > now && end > (from ?? now)
            ? new MaintenanceWindow(from ?? now, end, body!.Text("reason"))
            : throw new BadRequestException("request.value", "'until' is missing, past, or not after 'from'.", "Send {\"from\":\"2026-01-31T22:00:00Z\",\"until\":\"2026-02-01T02:00:00Z\"}; without 'from' it begins now.");
    }

    private static DateTimeOffset? Time(BodyReader body, string name) => body.Text(name) is not { } text
        ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new BadRequestException("request.value", $"'{name}' is no time.", "Use a time such as 2026-01-31T22:00:00Z.");
}
