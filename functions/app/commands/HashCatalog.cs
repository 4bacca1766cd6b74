using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.App.Commands;

/// <summary>Prints the index's digest, to hold one catalog against another.</summary>
internal static class HashCatalog
{
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var settings = FunctionsHost.CreateBuilder(args).Configuration;
            var state = settings["SnapshotWorkflows:StatePath"] ?? throw new CatalogException("catalog.no-state", "SnapshotWorkflows:StatePath is not set.", "Set it as the service has it.");
            using var database = Composition.OpenCatalog(settings, state);
            var (hash, copies) = new SnapshotIndex(database).Digest();
            Console.WriteLine($"{hash} {copies} copies");
            return 0;
        }
        catch (HostStartupException wrong)
        {
            await Console.Error.WriteLineAsync($"error {wrong.Code}: {wrong.Message} {wrong.Remedy}");
            return HostExitCodes.Configuration;
        }
        catch (CatalogException wrong)
        {
            await Console.Error.WriteLineAsync($"error {wrong.Code}: {wrong.Message} {wrong.Remedy}");
            return HostExitCodes.Configuration;
        }
    }
}
