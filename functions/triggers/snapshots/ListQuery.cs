using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>The query of GET /api/snapshots and its continuation token.</summary>
internal static class ListQuery
{
    public const string ContinuationHeader = "x-ms-continuation-token";

    private static readonly string[] s_known = ["volumeId", "vmId", "policy", "state", "createdFrom", "createdTo", "top"];

    public static SnapshotQuery Parse(HttpRequest request, int topMax)
    {
        request.RequireKnown(s_known);
        return new SnapshotQuery
        {
            VolumeId = Uuid(request, "volumeId"),
            VmId = Uuid(request, "vmId"),
            Policy = Text(request, "policy"),
            State = Text(request, "state") is { } state ? State(state) : null,
            CreatedFrom = Time(request, "createdFrom"),
            CreatedTo = Time(request, "createdTo"),
            Top = Text(request, "top") is { } top ? int.TryParse(top, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n >= 1 && n <= topMax ? n : throw Bad("top", $"1 to {topMax}") : 100,
            After = Read(request.Headers[ContinuationHeader].ToString()),
        };
    }

    public static string Write(PageMark mark) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{mark.CreatedAt.UtcDateTime:O}|{mark.Key.Value}"));

    private static PageMark? Read(string token)
    {
        if (token.Length == 0) return null;
        var bytes = new byte[token.Length];
        if (Convert.TryFromBase64String(token, bytes, out var length))
        {
            var parts = Encoding.UTF8.GetString(bytes, 0, length).Split('|');
            if (parts.Length == 2 && RequestKey.IsValid(parts[1])
                && DateTimeOffset.TryParseExact(parts[0], "O", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            {
                return new PageMark(time, new RequestKey(parts[1]));
            }
        }

        throw new BadRequestException("request.continuation", $"The header {ContinuationHeader} does not hold a token of ours.", "Send back the header of the last page, or none for the first page.");
    }

    // By name alone: Enum.TryParse would take a number, and of several names the one that their numbers make.
    private static SnapshotState State(string name) => Enum.GetNames<SnapshotState>().FirstOrDefault(state => state.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } known
        ? Enum.Parse<SnapshotState>(known)
        : throw Bad("state", $"one of {string.Join(", ", Enum.GetNames<SnapshotState>())}");

    private static string? Text(HttpRequest request, string name) => request.Query[name].ToString() is { Length: > 0 } text ? text : null;

    private static string? Uuid(HttpRequest request, string name) => Text(request, name) is not { } text
        ? null
        : Guid.TryParseExact(text, "D", out var uuid) ? uuid.ToString("D") : throw Bad(name, "a uuid as CloudStack shows it");

    private static DateTimeOffset? Time(HttpRequest request, string name) => Text(request, name) is not { } text
        ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : throw Bad(name, "a time such as 2026-01-31T12:00:00Z");

    private static BadRequestException Bad(string name, string wanted) => new("request.value", $"'{name}' is not valid.", $"Use {wanted}.");
}
