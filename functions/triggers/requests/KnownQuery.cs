using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Query parameters that a route does not know, or cannot read, are refused: one that is passed over looks as if it had been heeded.</summary>
internal static class KnownQuery
{
    /// <summary>Of every route: a key.</summary>
    private const string Code = "code";

    /// <exception cref="BadRequestException"><c>request.unknown-parameter</c>.</exception>
    public static void RequireKnown(this HttpRequest request, params IReadOnlyCollection<string> names)
    {
        if (request.Query.Keys.FirstOrDefault(name => !names.Append(Code).Contains(name, StringComparer.OrdinalIgnoreCase)) is { } unknown)
            throw new BadRequestException("request.unknown-parameter", $"Unknown query parameter '{unknown}'.", $"Known ones are {string.Join(", ", names)}.");
    }

    /// <returns>False where it is left out.</returns>
    /// <exception cref="BadRequestException"><c>request.value</c>: neither true nor false.</exception>
    public static bool Flag(this HttpRequest request, string name) => request.Query[name] is { Count: > 0 } given && (bool.TryParse(given.ToString(), out var flag)
        ? flag
        : throw new BadRequestException("request.value", $"'{name}' is not valid.", "Use true or false, or leave it out."));
}
