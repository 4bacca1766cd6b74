using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Secondary;

namespace SnapshotWorkflows.App.Commands;

/// <summary>Runs the service until it is told to stop.</summary>
internal static class Serve
{
    public static Task<int> RunAsync(string[] args) => FunctionsHost.RunAsync(args, Composition.Configure, new HostSurroundings { Explain = Explain });

    /// <summary>Wrong settings and a newer catalog are not mended by another start; a server that is away may be.</summary>
    private static HostStartupException? Explain(Exception exception) => exception switch
    {
        CatalogException catalog => new HostStartupException(
            catalog.Code, catalog.Message, catalog.Remedy, catalog.Code == "catalog.unreachable" ? HostExitCodes.Unavailable : HostExitCodes.Configuration),
        SecondaryException secondary => new HostStartupException(secondary.Code, secondary.Message, secondary.Remedy),
        _ => null,
    };
}
