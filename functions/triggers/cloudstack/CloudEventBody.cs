using System.Text.Json;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>
/// CloudStack's event, as far as it matters: members that are not known are CloudStack's business and are passed over, unlike in our own requests.
/// </summary>
internal sealed record CloudEventBody(string Type, string Status, string? EntityId)
{
    private const int LongestText = 200;

    /// <exception cref="BadRequestException"><c>event.invalid</c>.</exception>
    public static CloudEventBody Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonText.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.ValueKind == JsonValueKind.Object && Text(document.RootElement, "event") is { } type && Text(document.RootElement, "status") is { } status)
            {
                return new CloudEventBody(type, status, Text(document.RootElement, "entityuuid") ?? Text(document.RootElement, "Snapshot"));
            }
        }
        catch (JsonException)
        {
            // Refused below: what is not JSON is no event.
        }

        throw new BadRequestException("event.invalid", "The body is not an event of CloudStack's.", "Point a CloudStack webhook (4.20 or later) at this address.");
    }

    private static string? Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= LongestText } text ? text : null;
}
