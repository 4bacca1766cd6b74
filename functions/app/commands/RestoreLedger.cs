using Microsoft.Extensions.Configuration;
using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.App.Commands;

/// <summary>Brings the ledger back from its newest backup, or from the one named. A catalog that is there is kept beside it. Exit code 0; 1 when there is no backup; 78 for settings or stores that cannot be used.</summary>
internal static class RestoreLedger
{
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var from = args.SkipWhile(arg => arg != "--from").Skip(1).FirstOrDefault();
            string[] rest = from is null ? args : [.. args.TakeWhile(arg => arg != "--from"), .. args.SkipWhile(arg => arg != "--from").Skip(2)];
            var settings = FunctionsHost.CreateBuilder(rest).Configuration;
            if (settings["Catalog:ConnectionString"] is { Length: > 0 }) throw new CatalogException("catalog.on-server", "The catalog is on a PostgreSQL server.", "Restore it by the server's own means (pg_restore, point-in-time recovery).");
            var state = settings["SnapshotWorkflows:StatePath"] ?? throw new CatalogException("catalog.no-state", "SnapshotWorkflows:StatePath is not set.", "Set it as the service has it.");
            var installation = settings["SnapshotWorkflows:Installation"] ?? throw new CatalogException("catalog.no-installation", "SnapshotWorkflows:Installation is not set.", "Set it as the service has it.");
            Composition.MakeStateFolder(state);
            RefuseWhileServing(state);
            var store = new SecondaryDestinations(settings.GetSection("Secondary").Get<SecondaryOptions>() ?? new SecondaryOptions()).Get(null).Store;
            var all = await LedgerBackups.ListAsync(store, installation, CancellationToken.None);
            var name = from ?? LedgerBackups.Newest(all, installation, TimeProvider.System.GetUtcNow());
            if (name is null || !all.Contains(name))
            {
                await Console.Error.WriteLineAsync(name is null ? $"{store.Name} holds no backup of the ledger of '{installation}'{(all.Count == 0 ? "" : $" but such of a time to come: {string.Join(", ", all)}. Set this machine's clock, or name one with --from")}." : $"There is no backup '{name}'. There are: {string.Join(", ", all)}");
                return 1;
            }

            await RestoreAsync(store, name, Path.Combine(state, "catalog.db"));
            Console.WriteLine($"{name} restored; run 'catalog rebuild' next, so that the list of snapshots is that of the stores");
            return 0;
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

    private static async Task RestoreAsync(ISecondaryStore store, string name, string catalog)
    {
        var found = await store.FindAsync(name, CancellationToken.None) ?? throw new CatalogException("catalog.backup-gone", $"'{name}' vanished.", "Run it again.");
        var fresh = $"{catalog}.restored";
        await File.WriteAllBytesAsync(fresh, await store.ReadAllAsync(name, checked((int)found.Length), CancellationToken.None));

        // Opening proves that it is a catalog of a format that this version knows, and brings it up to date.
        new CatalogDatabase(fresh).Dispose();
        // The old one is copied, not moved: at no moment is there no catalog, in whose place the service would begin an empty one.
        foreach (var suffix in (string[])["", "-wal", "-shm"])
        {
            File.Delete($"{catalog}.before-restore{suffix}");
            if (File.Exists(catalog + suffix)) File.Copy(catalog + suffix, $"{catalog}.before-restore{suffix}");
        }

        foreach (var suffix in (string[])["-wal", "-shm"]) File.Delete(catalog + suffix);
        File.Move(fresh, catalog, overwrite: true);
    }

    /// <summary>A service that runs on these files would go on writing to the ones that were put aside.</summary>
    private static void RefuseWhileServing(string state)
    {
        var path = Path.Combine(state, "hub.db.lock");
        if (!File.Exists(path)) return;
        try
        {
            using var free = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new CatalogException("catalog.in-use", $"A service is running on {state}.", "Stop it first, then restore the ledger.");
        }
    }

    private static async Task<int> RefuseAsync(string code, string message, string remedy)
    {
        await Console.Error.WriteLineAsync($"error {code}: {message} {remedy}");
        return HostExitCodes.Configuration;
    }
}
