using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>The body of POST /api/snapshots, checked: what is unknown or out of range is refused by name, never ignored.</summary>
internal sealed record SnapshotBody(
    string VolumeId, string? Name, QuiesceMode Quiesce, string? Destination, bool KeepOnPrimary, IReadOnlyDictionary<string, string>? Tags)
{
    /// <summary>offload or stream; null lets the destination decide.</summary>
    public string? Copy { get; init; }

    /// <summary>vhd; null is the same.</summary>
    public string? Format { get; init; }

    /// <summary>Members that the design knows and this version does not serve yet: refused with a better word than "unknown".</summary>
    private static readonly string[] s_later = ["solidFireVolumeId", "secondaryPath", "adoptSnapshotId", "policy", "callbackUrl"];

    private static readonly string[] s_known = ["volumeId", "name", "quiesce", "destination", "copy", "format", "locationType", "keepOnPrimary", "tags"];

    /// <summary>What two bodies must share to be the same request, whatever their spelling.</summary>
    public string Hash()
    {
        var tags = Tags is null ? "" : string.Join('\n', Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key.Length}:{tag.Key}={tag.Value}"));
        var text = JsonSerializer.Serialize([VolumeId, Name, Quiesce.ToString(), Destination, KeepOnPrimary ? "keep" : "", tags, .. Copied()], TriggersJson.Default.StringArray);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    // Only what is given: the hash of a body without them stays what it was before they were known.
    private IEnumerable<string> Copied()
    {
        if (Copy is not null) yield return $"copy={Copy}";
        if (Format is not null) yield return $"format={Format}";
    }

    /// <exception cref="BadRequestException">With a code and a remedy.</exception>
    public static SnapshotBody Parse(ReadOnlyMemory<byte> json) => BodyReader.Parse(json, [.. s_known, .. s_later], Read);

    private static SnapshotBody Read(BodyReader body)
    {
        if (s_later.FirstOrDefault(body.Has) is { } later)
        {
            throw new BadRequestException("request.not-available", $"'{later}' is not available in this version.", $"Leave '{later}' out.");
        }

        var format = body.OneOf("format", "vhd", "chunks");
        var copy = body.OneOf("copy", "offload", "stream");
        _ = body.OneOf("locationType", "secondary");
        var volume = body.Uuid("volumeId", "request.volume-id", "Give the uuid of the CloudStack volume, as listVolumes shows it.")
            ?? throw new BadRequestException("request.volume-missing", "'volumeId' is missing.", "Give the uuid of the CloudStack volume.");
        return new SnapshotBody(volume, body.Text("name"), Quiescing.Read(body), body.Text("destination"), body.Flag("keepOnPrimary") ?? false, body.Tags("tags")) { Copy = copy, Format = format };
    }
}
