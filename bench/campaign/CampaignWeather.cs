using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Bench.Campaign;

/// <summary>The campaign's faults.</summary>
internal static class CampaignWeather
{
    /// <summary>Errors that pass, by their vendors' names, some of which leave open what a write came to.</summary>
    private static readonly Dictionary<string, string[]> s_failures = new(StringComparer.Ordinal)
    {
        ["solidfire"] = ["xNotReadyForIO", "xDBVersionMismatch", "xDBOperationTimeout", "xRecvTimeout"],
        ["xenserver"] = ["TOO_MANY_PENDING_TASKS", "HOST_STILL_BOOTING", "CANNOT_CONTACT_HOST", "INTERNAL_ERROR"],
        ["cloudstack"] = ["530", "503"],
        ["hook"] = ["hook.failed"],
    };

    /// <summary>Stalls outlast every deadline that the campaign sets; a restarted system is away for as long as a service needs to come up in a small lab.</summary>
    public static Weather Of(double share, int seed) => new(share, seed, StallSeconds: 7, AwaySeconds: 0.5, StreamBytes: 64L << 20, s_failures);
}
