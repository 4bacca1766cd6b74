namespace SnapshotWorkflows.SolidFire;

/// <summary>What a look at the cluster found.</summary>
/// <param name="Admin">Who our credentials are and what they may do; null when the cluster cannot say.</param>
/// <param name="Mend">What a person must change before work can begin; empty when all is well.</param>
public sealed record SolidFireCheck(ClusterInfo? Cluster, string? Version, string? ApiVersion, ClusterLimits? Limits, IReadOnlyList<string> Mend, ClusterAdmin? Admin = null)
{
    public bool Ready => Mend.Count == 0;
}

public sealed partial class SolidFireClient
{
    /// <summary>Looks, changing nothing, whether the cluster can be reached, speaks the version we ask for, and lets us read what we need.</summary>
    public async Task<SolidFireCheck> CheckAsync(CancellationToken cancellation)
    {
        var mend = new List<string>();
        ClusterInfo? cluster = null;
        ClusterVersion? version = null;
        ApiVersions? api = null;
        ClusterLimits? limits = null;
        ClusterAdmin? admin = null;
        try
        {
            cluster = await GetClusterInfoAsync(cancellation);
            version = await GetClusterVersionAsync(cancellation);
            limits = await GetLimitsAsync(cancellation);
            api = await GetApiAsync(cancellation);
            var asked = _options.Endpoint!.Segments[^1].Trim('/');
            if (api.SupportedVersions.Count > 0 && !api.SupportedVersions.Contains(asked, StringComparer.Ordinal) && asked != api.CurrentVersion)
                mend.Add($"The cluster does not list API version {asked}; set {_options.SettingsPath}:Endpoint to one it does, such as {api.CurrentVersion}.");
            admin = await FindCurrentAdminAsync(cancellation);
            if (admin is { MayChangeVolumes: false })
                mend.Add($"The cluster gives {admin.Username} the access {string.Join(", ", admin.Access)}; {_options.SettingsPath}:Username needs volumes, or administrator.");
            // Each of these needs a right of its own; finding out now beats finding out with a clone half made.
            await ListAllSnapshotsAsync(cancellation);
            await ListVolumeAccessGroupsAsync(cancellation);
            await ListIscsiSessionsAsync(null, cancellation);
            await ListDeletedVolumesAsync(cancellation);
            await ListSyncJobsAsync(cancellation);
            await ListAsyncResultsAsync(cancellation);
        }
        catch (SolidFireException fault)
        {
            mend.Add(fault.Message);
        }
        return new(cluster, version?.Version, api?.CurrentVersion, limits, mend, admin);
    }
}
