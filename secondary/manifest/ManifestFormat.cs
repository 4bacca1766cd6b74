using System.Text.Json;
using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Secondary.Manifests;

/// <summary>Manifest to bytes and back. The same manifest always gives the same bytes; reading is strict.</summary>
public static class ManifestFormat
{
    /// <summary>No manifest of version 1 comes near it.</summary>
    public const int LongestBytes = 256 * 1024;

    /// <summary>UTF-8, indented by two blanks, '\n' line ends, members in declared order, absent members left out, one '\n' at the end.</summary>
    /// <exception cref="ManifestException"><c>manifest.invalid</c>: what is not valid is not written either.</exception>
    public static byte[] Write(SnapshotManifest manifest)
    {
        ManifestRules.Check(manifest);
        return [.. JsonSerializer.SerializeToUtf8Bytes(manifest, ManifestJson.Default.SnapshotManifest), (byte)'\n'];
    }

    /// <exception cref="ManifestException"><c>manifest.newer</c> for a format version that this code does not know; <c>manifest.invalid</c> for anything else.</exception>
    public static SnapshotManifest Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            RefuseOtherVersions(bytes);
            var manifest = JsonSerializer.Deserialize(bytes, ManifestJson.Default.SnapshotManifest)
                ?? throw Invalid("it is the JSON value null", null);
            ManifestRules.Check(manifest);
            return manifest;
        }
        catch (JsonException e)
        {
            throw Invalid(e.Message, e);
        }
    }

    // The version is looked at first: a newer format may well have members that would otherwise be reported as unknown.
    private static void RefuseOtherVersions(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        using var document = JsonDocument.ParseValue(ref reader);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("formatVersion", out var member)
            || member.ValueKind != JsonValueKind.Number
            || !member.TryGetInt32(out var version) || version < 1)
        {
            throw Invalid("it has no formatVersion", null);
        }
        if (version > SnapshotManifest.CurrentFormatVersion)
        {
            throw new ManifestException("manifest.newer",
                $"The manifest has format version {version}; this version reads up to {SnapshotManifest.CurrentFormatVersion}.", "Update this service before you use snapshots that a newer one made.");
        }
    }

    internal static ManifestException Invalid(string why, Exception? inner) =>
        new("manifest.invalid", $"The manifest is not valid: {why}", "Compare it with docs/formats/manifest.md; take it from another copy where it was changed.", inner);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    WriteIndented = true,
    NewLine = "\n")]
[JsonSerializable(typeof(SnapshotManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
