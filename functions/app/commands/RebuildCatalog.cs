using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.CatalogSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;

namespace SnapshotWorkflows.App.Commands;

/// <summary>Makes the catalog's index anew from the stores, without the service. Exit code 0; 1 when a manifest could not be read or a row lost its manifest; 78 for settings or stores that cannot be used.</summary>
internal static class RebuildCatalog
{
    public static Task<int> RunAsync(string[] args, HostSurroundings? surroundings = null) => CommandRun.DoAsync(args, surroundings, async run =>
    {
        _ = run.Installation;
        run.Review("SnapshotWorkflows");
        var installation = run.Settings.GetSection("SnapshotWorkflows").Get<InstallationOptions>()!;
        using var alone = run.TakeAlone();
        using var database = run.OpenOrBeginCatalog();
        var marker = new Marker(Options.Create(installation), TimeProvider.System);
        var report = await new CatalogRebuild(run.Destinations(), new SnapshotIndex(database), marker).RunAsync(new Lines(run.Output), CancellationToken.None);
        foreach (var one in report.Unreadable) await run.Error.WriteLineAsync($"{one.Destination}: '{one.Name}': {one.Why}");
        await run.Output.WriteLineAsync($"{report.Snapshots} snapshots, {report.Holds} holds, {report.Missing} rows without a manifest, {report.Unreadable.Count} manifests unreadable, {report.Deleting} half deleted, {report.Foreign} of other installations left alone");
        return report.Unreadable.Count + report.Missing == 0 ? HostExitCodes.Success : 1;
    });

    // Progress<T> would hand its lines to a thread of the pool, in any order.
    private sealed class Lines(TextWriter output) : IProgress<string>
    {
        public void Report(string value) => output.WriteLine(value);
    }
}
