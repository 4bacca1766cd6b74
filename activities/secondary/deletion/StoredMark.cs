using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>What a hold or a tombstone holds: who, why, and enough of the manifest to go on without it.</summary>
internal sealed record StoredMark(int FormatVersion, StoredCopy Copy, string By, string? Reason)
{
    public const int CurrentFormatVersion = 1;
    public const int LongestBytes = 64 * 1024;

    /// <summary>Whose copy it is; null in marks that are older than this member.</summary>
    public string? Installation { get; init; }

    /// <summary>The instance that put it: only that one takes it away again while it lives. Null in marks that are older than this member.</summary>
    public string? Instance { get; init; }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, StoredMarkJson.Default.StoredMark);

    public static StoredMark Read(byte[] json, string name)
    {
        try
        {
            if (JsonSerializer.Deserialize(json, StoredMarkJson.Default.StoredMark) is { FormatVersion: CurrentFormatVersion, Copy: not null } mark) return mark;
        }
        catch (JsonException)
        {
            // Refused below, with its name.
        }

        throw new StepFaultException(new StepFault("mark.invalid", FaultKind.Corrupt, $"'{name}' is not what this version writes.", "Look at the object; a newer version may have written it."));
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredMark))]
internal sealed partial class StoredMarkJson : JsonSerializerContext;
