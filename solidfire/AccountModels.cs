using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.SolidFire;

/// <summary>A secret that no log, message or serializer shows by accident.</summary>
[JsonConverter(typeof(ChapSecretConverter))]
public sealed class ChapSecret(string value)
{
    /// <summary>The secret itself; only for the call that needs it.</summary>
    public string Reveal() => value;

    public override string ToString() => "(secret)";
}

/// <summary>An owner of volumes.</summary>
public sealed record SolidFireAccount
{
    [JsonPropertyName("accountID")] public required long AccountId { get; init; }
    [JsonPropertyName("username")] public required string Username { get; init; }
    [JsonPropertyName("status")] public string? Status { get; init; }
    [JsonPropertyName("volumes")] public IReadOnlyList<long> VolumeIds { get; init; } = [];
    [JsonPropertyName("initiatorSecret")] public ChapSecret? InitiatorSecret { get; init; }
    [JsonPropertyName("targetSecret")] public ChapSecret? TargetSecret { get; init; }
}

internal sealed class ChapSecretConverter : JsonConverter<ChapSecret>
{
    public override ChapSecret? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? new ChapSecret(reader.GetString()!) : throw new JsonException("A secret is text.");

    public override void Write(Utf8JsonWriter writer, ChapSecret value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
