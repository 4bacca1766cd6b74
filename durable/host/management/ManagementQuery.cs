using System.Globalization;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Host.Http;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>Query parameters of the management API; names are matched without regard to case.</summary>
internal static class ManagementQuery
{
    /// <summary>Text that a hub can be asked for; empty when it is not there.</summary>
    public static string Text(HttpRequest request, string name)
    {
        var text = request.Query[name].ToString();
        return StorableText.IsStorable(text) ? text : throw new HostProblemException(new HostProblem(
            StatusCodes.Status400BadRequest, "query.invalid", $"Query parameter {name} holds a control character or half of a surrogate pair.", "Leave such characters out."));
    }

    public static bool Flag(HttpRequest request, string name, bool otherwise)
    {
        var text = request.Query[name].ToString();
        return text.Length == 0 ? otherwise : bool.TryParse(text, out var value) ? value : throw Invalid(name, text, "true or false");
    }

    public static DateTimeOffset? Time(HttpRequest request, string name)
    {
        var text = request.Query[name].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw Invalid(name, text, "a time such as 2026-01-31T12:00:00Z");
    }

    public static int PageSize(HttpRequest request)
    {
        var text = request.Query["top"].ToString();
        if (text.Length == 0)
        {
            return OrchestrationQuery.DefaultPageSize;
        }

        // The page is read into memory with inputs and outputs, so it is bounded; callers go on with the continuation token.
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0 ? Math.Min(size, 1000) : throw Invalid("top", text, "a number of at least 1");
    }

    public static TimeSpan? Seconds(HttpRequest request, string name)
    {
        var text = request.Query[name].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and <= 86_400
            ? TimeSpan.FromSeconds(seconds)
            : throw Invalid(name, text, "a number of seconds from 0 to 86400");
    }

    /// <summary>The statuses asked for, in any mix of repeated parameters and comma lists; null = none asked for.</summary>
    /// <param name="unknownIsError">A list ignores names it does not know, as the public API does; a purge must not grow by a typing error.</param>
    public static IReadOnlyList<OrchestrationRuntimeStatus>? Statuses(HttpRequest request, bool unknownIsError)
    {
        var statuses = new List<OrchestrationRuntimeStatus>();
        foreach (var name in request.Query["runtimeStatus"].SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            if (Enum.TryParse<OrchestrationRuntimeStatus>(name, ignoreCase: true, out var status) && Enum.IsDefined(status))
            {
                statuses.Add(status);
            }
            else if (unknownIsError)
            {
                throw Invalid("runtimeStatus", name, string.Join(", ", Enum.GetNames<OrchestrationRuntimeStatus>()));
            }
        }

        return statuses.Count == 0 ? null : statuses;
    }

    private static HostProblemException Invalid(string name, string found, string wanted) => new(new HostProblem(
        StatusCodes.Status400BadRequest, "query.invalid", $"Query parameter {name} is '{found}'.", $"It must be {wanted}."));
}
