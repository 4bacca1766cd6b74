namespace SnapshotWorkflows.Durable.Host.Configuration;

/// <summary>host.json's <c>extensions.http</c>, checked.</summary>
internal sealed record HttpHostOptions
{
    /// <summary>First segments of every HTTP trigger's route, without slashes at the ends; empty = none. Default <c>api</c>.</summary>
    public required string RoutePrefix { get; init; }

    /// <summary>HTTP triggers that may run at the same time; -1 = no limit.</summary>
    public required int MaxConcurrentRequests { get; init; }

    /// <summary>HTTP triggers that may run or wait; more are answered 429; -1 = no limit.</summary>
    public required int MaxOutstandingRequests { get; init; }

    /// <summary>Headers added to every answer of an HTTP trigger.</summary>
    public required IReadOnlyDictionary<string, string> CustomHeaders { get; init; }

    public static HttpHostOptions Read(SettingsSection section)
    {
        var prefix = section.Text("routePrefix") ?? "api";
        if (prefix.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('/' or '-' or '_' or '.' or '~')))
        {
            throw section.Invalid("routePrefix", prefix, "plain path segments such as 'api' (or empty)");
        }

        var options = new HttpHostOptions
        {
            RoutePrefix = prefix.Trim('/'),
            MaxConcurrentRequests = section.Integer("maxConcurrentRequests", -1, -1, int.MaxValue),
            MaxOutstandingRequests = section.Integer("maxOutstandingRequests", -1, -1, int.MaxValue),
            CustomHeaders = section.Texts("customHeaders"),
        };
        if (options.MaxConcurrentRequests == 0 || options.MaxOutstandingRequests == 0)
        {
            throw section.Invalid(options.MaxConcurrentRequests == 0 ? "maxConcurrentRequests" : "maxOutstandingRequests", "0", "at least 1, or -1 for no limit");
        }

        section.WithoutEffect("dynamicThrottlesEnabled", "hsts");
        section.RefuseUnknown();
        return options;
    }
}
