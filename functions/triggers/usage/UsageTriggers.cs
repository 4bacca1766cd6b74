using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>GET /api/usage: what was occupied between two times, by whom; also of what is deleted since.</summary>
public sealed class UsageTriggers(UsageLedger usage, TimeProvider time)
{
    private const int TopMax = 1000;
    private static readonly TimeSpan s_span = TimeSpan.FromDays(30);
    private static readonly string[] s_known = ["from", "to", "account", "top"];

    [Function("ListUsage")]
    public IActionResult List([HttpTrigger(AuthorizationLevel.Function, "get", Route = "usage")] HttpRequest request)
    {
        try
        {
            request.RequireKnown(s_known);
            var to = Time(request, "to") ?? time.GetUtcNow();
            var from = Time(request, "from") ?? (to - DateTimeOffset.MinValue > s_span ? to - s_span : DateTimeOffset.MinValue);
            if (from >= to) throw new BadRequestException("request.value", "'from' is not before 'to'.", "Give 'from' as the earlier time.");
            var after = request.Headers[ListQuery.ContinuationHeader].ToString();
            if (after.Length > 0 && !Guid.TryParseExact(after, "D", out _)) throw new BadRequestException("request.continuation", $"The header {ListQuery.ContinuationHeader} does not hold a token of ours.", "Send back the header of the last page, or none for the first page.");
            var top = Top(request);
            var account = request.Query["account"].ToString();
            var records = usage.List(from, to, request.Accounts(), account.Length > 0 ? account : null, after, top + 1);
            if (records.Count > top)
            {
                records = [.. records.Take(top)];
                request.HttpContext.Response.Headers[ListQuery.ContinuationHeader] = records[^1].SnapshotId;
            }

            return new JsonResult<UsageList>(200, new UsageList(from, to, records), TriggersJson.Default.UsageList);
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }
    }

    private static int Top(HttpRequest request) => request.Query["top"].ToString() is not { Length: > 0 } text
        ? 100
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var top) && top is >= 1 and <= TopMax
            ? top
            : throw new BadRequestException("request.value", "'top' is not valid.", $"Use 1 to {TopMax}.");

    private static DateTimeOffset? Time(HttpRequest request, string name) => request.Query[name].ToString() is not { Length: > 0 } text
        ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.ToUniversalTime()
            : throw new BadRequestException("request.value", $"'{name}' is no time.", "Use a time such as 2026-01-31T12:00:00Z.");
}

internal sealed record UsageList(DateTimeOffset From, DateTimeOffset To, IReadOnlyList<UsageRecord> Items);
