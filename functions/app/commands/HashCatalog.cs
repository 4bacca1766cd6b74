using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.App.Commands;

/// <summary>Prints the index's digest, to hold one catalog against another.</summary>
internal static class HashCatalog
{
    public static Task<int> RunAsync(string[] args, HostSurroundings? surroundings = null) => CommandRun.DoAsync(args, surroundings, async run =>
    {
        using var database = run.OpenCatalog();
        var (hash, copies) = new SnapshotIndex(database).Digest();
        await run.Output.WriteLineAsync($"{hash} {copies} copies");
        return HostExitCodes.Success;
    });
}
