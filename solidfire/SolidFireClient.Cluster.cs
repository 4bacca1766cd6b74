using System.Text.Json;

namespace SnapshotWorkflows.SolidFire;

public sealed partial class SolidFireClient
{
    public async Task<ClusterInfo> GetClusterInfoAsync(CancellationToken cancellation) =>
        (await ReadAsync("GetClusterInfo", [], SolidFireJson.Default.ClusterInfoReply, cancellation)).ClusterInfo;

    /// <summary>The API versions the cluster speaks. Very old clusters do not list them.</summary>
    public async Task<ApiVersions> GetApiAsync(CancellationToken cancellation)
    {
        var reply = await ReadAsync("GetAPI", [], SolidFireJson.Default.JsonElement, cancellation);
        return new ApiVersions
        {
            CurrentVersion = Text(reply, "currentVersion") ?? throw new SolidFireException("GetAPI", SolidFireErrors.AnswerLost, SolidFireErrorKind.Rejected, "The answer names no current version."),
            SupportedVersions = reply.TryGetProperty("supportedVersions", out var supported) && supported.ValueKind == JsonValueKind.Array
                ? [.. supported.EnumerateArray().Select(version => version.ToString())]
                : [],
        };
    }

    public Task<ClusterVersion> GetClusterVersionAsync(CancellationToken cancellation) =>
        ReadAsync("GetClusterVersionInfo", [], SolidFireJson.Default.ClusterVersion, cancellation);

    public Task<ClusterLimits> GetLimitsAsync(CancellationToken cancellation) =>
        ReadAsync("GetLimits", [], SolidFireJson.Default.ClusterLimits, cancellation);

    /// <summary>Hosts logged in to volumes. The cluster has no filter, so the list is narrowed here.</summary>
    public async Task<IReadOnlyList<IscsiSession>> ListIscsiSessionsAsync(long? volumeId, CancellationToken cancellation)
    {
        var reply = await ReadAsync("ListISCSISessions", [], SolidFireJson.Default.SessionsReply, cancellation);
        return volumeId is { } id ? [.. reply.Sessions.Where(session => session.VolumeId == id)] : reply.Sessions;
    }

    public async Task<SolidFireAccount> GetAccountAsync(long accountId, CancellationToken cancellation) =>
        (await ReadAsync("GetAccountByID", new() { ["accountID"] = accountId }, SolidFireJson.Default.AccountReply, cancellation)).Account;

    /// <summary>An account by its (unique) user name; null when there is none.</summary>
    public async Task<SolidFireAccount?> FindAccountAsync(string username, CancellationToken cancellation)
    {
        try
        {
            return (await ReadAsync("GetAccountByName", new() { ["username"] = username }, SolidFireJson.Default.AccountReply, cancellation)).Account;
        }
        catch (SolidFireException fault) when (fault.Kind == SolidFireErrorKind.NotFound)
        {
            return null;
        }
    }

    private static string? Text(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? value.ToString() : null;
}
