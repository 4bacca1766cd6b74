using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.App.Settings;

/// <summary>The product's sections, each with the classes whose properties are its settings. What stands outside them belongs to others: the host, the machine's environment.</summary>
internal static class SettingsSections
{
    public static IReadOnlyDictionary<string, Type[]> All { get; } = new Dictionary<string, Type[]>(StringComparer.OrdinalIgnoreCase)
    {
        ["SnapshotWorkflows"] = [typeof(InstallationOptions), typeof(Folders)],
        ["Catalog"] = [typeof(CatalogSection)],
        [SolidFireOptions.Section] = [typeof(SolidFireOptions), typeof(SolidFireArraysOptions)],
        [XenServerOptions.Section] = [typeof(XenServerOptions)],
        [CloudStackOptions.Section] = [typeof(CloudStackOptions), typeof(CloudStackEvents)],
        ["Secondary"] = [typeof(SecondaryOptions)],
        ["Copy"] = [typeof(CopyOptions)],
        ["Admission"] = [typeof(AdmissionOptions)],
        ["Quiesce"] = [typeof(Quiescing)],
        [AccessOptions.Section] = [typeof(AccessOptions)],
        ["Callbacks"] = [typeof(CallbackOptions)],
        ["Upkeep"] = [typeof(UpkeepOptions)],
    };

    /// <summary>Whether an unknown name stops the start: a mistyped one would leave a key an operator's, or copies without the encryption or the mount that was asked for. Elsewhere it is warned of, so that an older version runs with a newer one's settings.</summary>
    public static bool RefusesUnknown(string section) =>
        string.Equals(section, AccessOptions.Section, StringComparison.OrdinalIgnoreCase) || string.Equals(section, "Secondary", StringComparison.OrdinalIgnoreCase);

    // Settings that are read one by one, and sections in sections: shapes only, nothing is bound to them.
    private sealed record Folders(string StatePath, string SecretsPath);

    private sealed record CatalogSection(string ConnectionString, CatalogAgeOptions Keep);

    private sealed record CloudStackEvents(WebhookOptions Webhook);

    private sealed record Quiescing(QuiesceHookOptions Hook, PauseOptions Pause);
}
