using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>GET /api/audit: who did what, oldest first; <c>after</c> goes on behind a row, so that the trail can be exported page by page.</summary>
public sealed partial class AuditTriggers(AuditTrail audit)
{
    private const int TopMax = 1000;
    private static readonly string[] s_known = ["subject", "after", "top"];

    [Function("ListAudit")]
    public IActionResult List([HttpTrigger(AuthorizationLevel.Function, "get", Route = "audit")] HttpRequest request)
    {
        try
        {
            request.RequireKnown(s_known);
        }
        catch (BadRequestException refused)
        {
            return refused.ToResult();
        }

        if (!Number(request, "after", 0, long.MaxValue, 0, out var after) || !Number(request, "top", 1, TopMax, 100, out var top))
        {
            return new ProblemResult(400, "request.value", "'after' or 'top' is not valid.", $"'after' is the id of the last row seen, 'top' is 1 to {TopMax}.");
        }

        var subject = request.Query["subject"].ToString();
        var rows = audit.List(subject.Length == 0 ? null : subject, after, (int)top);
        return new JsonResult<AuditList>(200, new AuditList(request.IsOperator() ? rows : [.. rows.Select(row => row with { Detail = Public(row.Detail) })]), TriggersJson.Default.AuditList);
    }

    /// <summary>Array ids are for operators only; wherever the trail names one, it is in these words.</summary>
    private static string? Public(string? detail) => detail is null ? null : ArrayIds().Replace(detail, "$1$2$3 (for operators)");

    private static bool Number(HttpRequest request, string name, long least, long most, long otherwise, out long number)
    {
        number = otherwise;
        var text = request.Query[name].ToString();
        return text.Length == 0 || (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most);
    }

    [GeneratedRegex(@"(volume) \d+(?: of cluster [0-9a-fA-F-]{36})?(?![-\w])|(cluster) [0-9a-fA-F-]{36}|(access group) \d+")]
    private static partial Regex ArrayIds();
}

internal sealed record AuditList(IReadOnlyList<AuditRow> Items);
