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

    /// <summary>Told how it ended.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>vhd; null is the same.</summary>
    public string? Format { get; init; }

    public bool PrimaryOnly { get; init; }

    public string? AdoptSnapshotId { get; init; }

    public string? SecondaryPath { get; init; }

    /// <summary>For operators only.</summary>
    public ArrayVolume? ArraySource { get; init; }

    /// <summary>The policy by whose rule the copy is kept and let go.</summary>
    public string? Policy { get; init; }

    private static readonly string[] s_known =
    [
        "volumeId", "solidFireVolumeId", "clusterUuid", "name", "quiesce", "destination", "copy", "format", "locationType", "keepOnPrimary", "adoptSnapshotId", "secondaryPath", "policy", "tags", "callbackUrl",
    ];

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
        if (PrimaryOnly) yield return "primary";
        if (AdoptSnapshotId is not null) yield return $"adopt={AdoptSnapshotId}";
        if (SecondaryPath is not null) yield return $"path={SecondaryPath}";
        if (ArraySource is not null) yield return $"array={ArraySource}";
        if (CallbackUrl is not null) yield return $"callback={CallbackUrl}";
        if (Policy is not null) yield return $"policy={Policy}";
    }

    /// <exception cref="BadRequestException">With a code and a remedy.</exception>
    public static SnapshotBody Parse(ReadOnlyMemory<byte> json) => BodyReader.Parse(json, s_known, Read);

    private static SnapshotBody Read(BodyReader body)
    {
        var format = body.OneOf("format", "vhd", "chunks");
        var copy = body.OneOf("copy", "offload", "stream");
        var primary = body.OneOf("locationType", "secondary", "primary") == "primary";
        var (source, volume) = SourceOf(body);
        var read = new SnapshotBody(volume, body.Text("name"), Quiescing.Read(body), body.Text("destination"), body.Flag("keepOnPrimary") ?? false, body.Tags("tags"))
        {
            Copy = copy,
            Format = format,
            PrimaryOnly = primary,
            AdoptSnapshotId = body.Uuid("adoptSnapshotId", "request.snapshot-id", "Give the uuid of the CloudStack snapshot, as listSnapshots shows it."),
            SecondaryPath = body.Text("secondaryPath"),
            ArraySource = source,
            CallbackUrl = body.Text("callbackUrl", 2000),
            Policy = body.Text("policy"),
        };
        Check(read);
        return read;
    }

    private static (ArrayVolume? Source, string Volume) SourceOf(BodyReader body)
    {
        var volume = body.Uuid("volumeId", "request.volume-id", "Give the uuid of the CloudStack volume, as listVolumes shows it.");
        var array = body.Number("solidFireVolumeId", 1, int.MaxValue);
        var cluster = body.Uuid("clusterUuid", "request.cluster-uuid", "Give the uuid of the array's cluster, as GetClusterInfo shows it.");
        if (array is null && cluster is null)
            return (null, volume ?? throw new BadRequestException("request.volume-missing", "'volumeId' is missing.", "Give the uuid of the CloudStack volume."));
        if (volume is not null || array is null || cluster is null)
            throw new BadRequestException("request.value", "'solidFireVolumeId' goes with 'clusterUuid', and not with 'volumeId'.", "Name one volume: by its CloudStack uuid, or by its array's id and cluster.");
        var source = new ArrayVolume(cluster, array.Value);
        return (source, SnapshotVolumeInput.VolumeIdOf(source));
    }

    private static void Check(SnapshotBody body)
    {
        if (body.PrimaryOnly && (body.Copy ?? body.Format ?? body.Destination ?? body.SecondaryPath ?? body.AdoptSnapshotId ?? body.Policy) is not null)
            throw Contradiction("locationType 'primary' makes no copy, so 'copy', 'format', 'destination', 'secondaryPath', 'adoptSnapshotId' and 'policy' do not go with it.");
        if (body.SecondaryPath is { } path && !SecondaryPaths.IsValid(path))
            throw new BadRequestException("request.secondary-path", "'secondaryPath' must be snapshots/<accountId>/<volumeId>, with ids of CloudStack's database.", "See docs/cloudstack-plugin.md.");
        if (body.SecondaryPath is not null && (body.Copy == CopyMethods.Offload || body.Format == DataFormats.Chunks))
            throw Contradiction("A copy at 'secondaryPath' is a VHD that comes through this service: neither copy 'offload' nor format 'chunks' goes with it.");
        CopyWishes.Require(body.Copy, body.Format);
        if (body.AdoptSnapshotId is not null && (body.Quiesce != QuiesceMode.None || body.KeepOnPrimary || body.ArraySource is not null))
            throw Contradiction("'adoptSnapshotId' means a snapshot that CloudStack has taken and keeps: 'quiesce', 'keepOnPrimary' and 'solidFireVolumeId' do not go with it.");
    }

    private static BadRequestException Contradiction(string what) => new("request.value", what, "Leave one of them out.");
}
