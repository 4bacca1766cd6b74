using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Secondary;

namespace SnapshotWorkflows.App.Commands;

/// <summary>
/// Brings the ledger back from its newest backup, or from the one named. A catalog that is there is kept beside it; a database on a server must be empty. Exit code 0; 1 when there is no backup; 78 for settings, stores or
/// databases that cannot be used.
/// </summary>
internal static class RestoreLedger
{
    private const int NoBackup = 1;

    /// <summary>A SQLite database in WAL mode.</summary>
    private static readonly string[] s_files = ["", "-wal", "-shm"];

    public static Task<int> RunAsync(string[] args, HostSurroundings? surroundings = null)
    {
        var from = args.SkipWhile(arg => arg != "--from").Skip(1).FirstOrDefault();
        string[] rest = from is null ? args : [.. args.TakeWhile(arg => arg != "--from"), .. args.SkipWhile(arg => arg != "--from").Skip(2)];
        return CommandRun.DoAsync(rest, surroundings, run => RestoreAsync(run, from));
    }

    private static async Task<int> RestoreAsync(CommandRun run, string? from)
    {
        var installation = run.Installation;
        using var alone = run.TakeAlone();
        var store = run.Destinations().Get(null).Store;
        var all = await LedgerBackups.ListAsync(store, installation, CancellationToken.None);
        var name = from ?? LedgerBackups.Newest(all, installation, TimeProvider.System.GetUtcNow());
        if (name is null || !all.Contains(name))
        {
            throw new HostStartupException(
                "ledger.no-backup",
                name is not null ? $"There is no backup '{name}'." : $"{store.Name} holds no backup of the ledger of '{installation}'{(all.Count == 0 ? "" : ", but such of a time to come")}.",
                all.Count == 0 ? "Look at the default destination and at SnapshotWorkflows:Installation; 'catalog rebuild' alone brings the copies back." : $"There are: {string.Join(", ", all)}. Name one with --from{(name is null ? ", or set this machine's clock" : "")}.",
                NoBackup);
        }

        var fresh = $"{Composition.CatalogFile(run.State)}.restored";
        try
        {
            await FetchAsync(store, name, fresh);
            if (run.Settings["Catalog:ConnectionString"] is { Length: > 0 }) Fill(run, fresh);
            else Replace(fresh, Composition.CatalogFile(run.State));
        }
        finally
        {
            // The whole ledger: of a restore that was refused nothing stays behind.
            CatalogDatabase.Remove(fresh);
        }

        await run.Output.WriteLineAsync($"{name} restored; run 'catalog rebuild' next, so that the list of snapshots is that of the stores");
        return HostExitCodes.Success;
    }

    private static async Task FetchAsync(ISecondaryStore store, string name, string fresh)
    {
        // Of a restore that was killed: its journal would be taken for this file's.
        CatalogDatabase.Remove(fresh);
        await using (var backup = await store.OpenReadAsync(name, 0, null, CancellationToken.None))
        await using (var file = new FileStream(fresh, FileMode.Create, FileAccess.Write))
        {
            await backup.CopyToAsync(file);
            file.Flush(flushToDisk: true);
        }

        // Opening proves that it is a catalog of a format that this version knows, and brings it up to date.
        new CatalogDatabase(fresh, mustExist: true).Dispose();
    }

    private static void Fill(CommandRun run, string fresh)
    {
        using var backup = new CatalogDatabase(fresh, mustExist: true);
        using var server = run.OpenOrBeginCatalog();
        server.FillFrom(backup);
    }

    private static void Replace(string fresh, string catalog)
    {
        // The old one is copied, not moved: at no moment is there no catalog. Each restore keeps its own: a second one must not take away the only file that had everything.
        var kept = Enumerable.Range(1, int.MaxValue).Select(number => $"{catalog}.before-restore.{number}").First(path => s_files.All(suffix => !File.Exists(path + suffix)));
        foreach (var suffix in s_files.Where(suffix => File.Exists(catalog + suffix)))
        {
            File.Copy(catalog + suffix, kept + suffix, overwrite: false);
            using var copy = new FileStream(kept + suffix, FileMode.Open, FileAccess.ReadWrite);
            copy.Flush(flushToDisk: true);
        }

        foreach (var suffix in (string[])["-wal", "-shm"]) File.Delete(catalog + suffix);
        File.Move(fresh, catalog, overwrite: true);
    }
}
