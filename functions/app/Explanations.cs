using System.Data.Common;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Secondary;

namespace SnapshotWorkflows.App;

/// <summary>What an exception means to the person who started the program: code, message, remedy and exit code.</summary>
internal static class Explanations
{
    /// <summary>Of the app's own exceptions; null for one that the host explains itself. Wrong settings and a newer catalog are not mended by another start; a server that is away, and a full disk, may be.</summary>
    public static HostStartupException? AtStart(Exception exception) => exception switch
    {
        CatalogException catalog => new HostStartupException(
            catalog.Code, catalog.Message, catalog.Remedy, catalog.Code is "catalog.unreachable" or "catalog.full" or "catalog.io" ? HostExitCodes.Unavailable : HostExitCodes.Configuration),
        SecondaryException secondary => new HostStartupException(secondary.Code, secondary.Message, secondary.Remedy),
        _ => null,
    };

    /// <summary>Of a command, which has no host around it; null for a fault of the program.</summary>
    public static HostStartupException? InCommand(Exception exception) => AtStart(exception) ?? exception switch
    {
        HostStartupException known => known,
        OptionsValidationException options => new HostStartupException("settings.invalid", string.Join(" ", options.Failures), "Correct the settings named above."),
        IOException unwritable => new HostStartupException("state.unwritable", unwritable.Message, "Look at the disk of SnapshotWorkflows:StatePath: is it mounted writable, with room?"),
        UnauthorizedAccessException denied => new HostStartupException("state.denied", denied.Message, "Run this as the user of the service."),
        DbException database => new HostStartupException("catalog.io", $"The catalog cannot be used: {database.Message}", "Check the disk of SnapshotWorkflows:StatePath, and that no other process holds the catalog.", HostExitCodes.Unavailable),
        _ => null,
    };
}
