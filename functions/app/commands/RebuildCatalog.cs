using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.CatalogSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.App.Commands;

/// <summary>Makes the catalog's index anew from the stores, without the service. Exit code 0; 1 when a manifest could not be read or a row lost its manifest; 78 for settings or stores that cannot be used.</summary>
internal static class RebuildCatalog
{
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var settings = FunctionsHost.CreateBuilder(args).Configuration;
            var state = settings["SnapshotWorkflows:StatePath"] ?? throw new CatalogException("catalog.no-state", "SnapshotWorkflows:StatePath is not set.", "Set it as the service has it.");
            Composition.MakeStateFolder(state);
            using var database = Composition.OpenCatalog(settings, state);
            var destinations = new SecondaryDestinations(settings.GetSection("Secondary").Get<SecondaryOptions>() ?? new SecondaryOptions());
            var installation = settings.GetSection("SnapshotWorkflows").Get<InstallationOptions>() ?? new InstallationOptions();
            if (installation.Installation.Length == 0) throw new CatalogException("catalog.no-installation", "SnapshotWorkflows:Installation is not set.", "Set it as the service has it: copies of other installations are left to them.");
            var marker = new Marker(Options.Create(installation), TimeProvider.System);
            var report = await new CatalogRebuild(destinations, new SnapshotIndex(database), marker).RunAsync(new Lines(), CancellationToken.None);
            foreach (var one in report.Unreadable) await Console.Error.WriteLineAsync($"{one.Destination}: '{one.Name}': {one.Why}");
            Console.WriteLine($"{report.Snapshots} snapshots, {report.Holds} holds, {report.Missing} rows without a manifest, {report.Unreadable.Count} manifests unreadable, {report.Deleting} half deleted, {report.Foreign} of other installations left alone");
            return report.Unreadable.Count + report.Missing == 0 ? 0 : 1;
        }
        catch (HostStartupException wrong)
        {
            return await RefuseAsync(wrong.Code, wrong.Message, wrong.Remedy);
        }
        catch (CatalogException wrong)
        {
            return await RefuseAsync(wrong.Code, wrong.Message, wrong.Remedy);
        }
        catch (SecondaryException wrong)
        {
            return await RefuseAsync(wrong.Code, wrong.Message, wrong.Remedy);
        }
    }

    private static async Task<int> RefuseAsync(string code, string message, string remedy)
    {
        await Console.Error.WriteLineAsync($"error {code}: {message} {remedy}");
        return HostExitCodes.Configuration;
    }

    // Progress<T> would hand its lines to a thread of the pool, in any order.
    private sealed class Lines : IProgress<string>
    {
        public void Report(string value) => Console.WriteLine(value);
    }
}
