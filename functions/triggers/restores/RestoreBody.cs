using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>The body of POST /api/snapshots/{id}/restore, checked.</summary>
internal sealed record RestoreBody(string? TargetVolumeId, string? Name, long? AccountId, RestoreQos? Qos, string? Host)
{
    /// <summary>The cluster of the new volume; null is the source's.</summary>
    public string? ClusterUuid { get; init; }

    /// <summary>Told how it ended.</summary>
    public string? CallbackUrl { get; init; }

    /// <summary>Bounds of an array's own figures (Element API reference, GetLimits).</summary>
    private const int LeastIops = 50;
    private const int MostIops = 200_000;

    private static readonly string[] s_known = ["targetVolumeId", "overwrite", "name", "clusterUuid", "accountId", "qos", "host", "callbackUrl"];
    private static readonly string[] s_qos = ["minIops", "maxIops", "burstIops"];

    public string Hash()
    {
        string?[] members = [TargetVolumeId, Name, $"{AccountId}", $"{Qos?.MinIops}/{Qos?.MaxIops}/{Qos?.BurstIops}", Host];
        // At the end, and only where given: the hashes of earlier requests are remembered.
        if (ClusterUuid is { } cluster) members = [.. members, cluster];
        if (CallbackUrl is { } callback) members = [.. members, $"callback={callback}"];
        var text = JsonSerializer.Serialize(members, TriggersJson.Default.StringArray);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <exception cref="BadRequestException">With a code and a remedy.</exception>
    public static RestoreBody Parse(ReadOnlyMemory<byte> json) => BodyReader.Parse(json, s_known, Read);

    private static RestoreBody Read(BodyReader body)
    {
        var target = body.Uuid("targetVolumeId", "request.volume-id", "Give the uuid of the detached CloudStack volume to fill, as listVolumes shows it.");
        var overwrite = body.Flag("overwrite") ?? false;
        var (name, account, qos) = (body.Text("name"), body.Number("accountId", 1, int.MaxValue), body.Within("qos", s_qos, ReadQos));
        var cluster = body.Uuid("clusterUuid", "request.cluster-uuid", "Give the uuid of the array's cluster, as GetClusterInfo shows it.");
        if (target is not null && (name is not null || cluster is not null || account is not null || qos is not null))
            throw new BadRequestException("request.value", "'targetVolumeId' goes with none of 'name', 'clusterUuid', 'accountId', 'qos': those make a new volume.", "Give either a volume to fill, or what a new one is to be like.");
        if (target is not null && !overwrite)
            throw new BadRequestException("restore.overwrite", $"What volume {target} holds now will be lost.", "Send \"overwrite\": true if that is meant.");
        if (target is null && overwrite)
            throw new BadRequestException("request.value", "'overwrite' is only for 'targetVolumeId': a new volume holds nothing.", "Leave 'overwrite' out, or name the volume to fill.");
        if (name is not null && !IsVolumeName(name))
            throw new BadRequestException("request.value", "'name' must be 1 to 64 letters, digits and dashes, and not begin with 'swf-'.", "An array's volume name allows no more, and cannot be changed later.");
        return new RestoreBody(target, name, account, qos, body.Text("host")) { ClusterUuid = cluster, CallbackUrl = body.Text("callbackUrl", 2000) };
    }

    private static RestoreQos ReadQos(BodyReader body)
    {
        var (min, max, burst) = (body.Number("minIops", LeastIops, MostIops), body.Number("maxIops", LeastIops, MostIops), body.Number("burstIops", LeastIops, MostIops));
        return min > max || max > burst || min > burst
            ? throw new BadRequestException("request.value", "'qos' must have minIops <= maxIops <= burstIops.", "Raise the larger or lower the smaller figures.")
            : new RestoreQos(min, max, burst);
    }

    private static bool IsVolumeName(string name) =>
        name.Length <= 64 && name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-') && !name.StartsWith("swf-", StringComparison.OrdinalIgnoreCase);
}
