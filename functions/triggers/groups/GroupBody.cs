using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>The body of POST /api/vms/{vmId}/snapshots: that of one snapshot, without the volume.</summary>
internal sealed record GroupBody(string? Name, QuiesceMode Quiesce, string? Destination, string? Copy, string? Format, bool KeepOnPrimary, IReadOnlyDictionary<string, string>? Tags)
{
    /// <summary>Told how each member ended, and how the group did.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>It ends on the array.</summary>
    public bool PrimaryOnly { get; init; }

    /// <summary>The policy by whose rule the members' copies are kept and let go.</summary>
    public string? Policy { get; init; }

    private static readonly string[] s_known = ["name", "quiesce", "destination", "copy", "format", "locationType", "keepOnPrimary", "policy", "tags", "callbackUrl"];

    public string Hash()
    {
        var tags = Tags is null ? "" : string.Join('\n', Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key.Length}:{tag.Key}={tag.Value}"));
        var text = JsonSerializer.Serialize([Name, Quiesce.ToString(), Destination, Copy, Format, KeepOnPrimary ? "keep" : "", tags, .. Given()], TriggersJson.Default.StringArray);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    // Only what is given: the hash of a body without them stays what it was before they were known.
    private IEnumerable<string> Given()
    {
        if (CallbackUrl is not null) yield return $"callback={CallbackUrl}";
        if (Policy is not null) yield return $"policy={Policy}";
        if (PrimaryOnly) yield return "primary";
    }

    /// <exception cref="BadRequestException">With a code and a remedy.</exception>
    public static GroupBody Parse(ReadOnlyMemory<byte> json) => BodyReader.Parse(json, s_known, Read);

    private static GroupBody Read(BodyReader body)
    {
        var read = new GroupBody(
            body.Text("name"), Quiescing.Read(body), body.Text("destination"), body.OneOf("copy", "offload", "stream"), body.OneOf("format", "vhd", "chunks"), body.Flag("keepOnPrimary") ?? false, body.Tags("tags"))
        {
            CallbackUrl = body.Text("callbackUrl", 2000),
            Policy = body.Text("policy"),
            PrimaryOnly = body.OneOf("locationType", "secondary", "primary") == "primary",
        };
        CopyWishes.Require(read.Copy, read.Format);
        return read.PrimaryOnly && (read.Copy ?? read.Format ?? read.Destination ?? read.Policy) is not null
            ? throw new BadRequestException("request.value", "locationType 'primary' makes no copy, so 'copy', 'format', 'destination' and 'policy' do not go with it.", "Leave one of them out.")
            : read;
    }
}
