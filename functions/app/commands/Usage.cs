namespace SnapshotWorkflows.App.Commands;

/// <summary>What the program can be asked.</summary>
internal static class Usage
{
    public static int Print(TextWriter to, int exitCode)
    {
        to.WriteLine("""
            SnapshotWorkflows.App serve [--port N] [--address IP] [--settings-root DIR]
              serve   run the service; DIR holds host.json and local.settings.json (default: the current folder);
                      environment variables such as SolidFire__Endpoint win over both. Port: 7071 or local.settings.json's; 0 takes any free one.
                      Says "listening http://..." when it is ready. Ends with 0 after SIGTERM; 64 wrong command line, 69 something it needs is
                      not there now, 78 a setting is wrong (one line says which, and what to do), 70 a fault of the program.
            SnapshotWorkflows.App watchdog [--settings-root DIR]
              lets paused machines go on when their time is over, whatever has become of the service (quiesce pause). Runs beside it,
              with the same settings and as the same user.
            SnapshotWorkflows.App catalog rebuild [--settings-root DIR]
              makes the list of snapshots anew from the manifests, holds and tombstones on every destination; the ledger
              (policies, idempotency keys, intents, audit) is left as it is. Stop the service first.
            SnapshotWorkflows.App restore-file --snapshot UUID --output FILE [--destination NAME] [--offset N --length N] [--settings-root DIR]
              restores a backup, or a range of bytes of it, to a file that must not be there, sparsely and proven, from the store alone:
              of the settings only Secondary is needed. --manifest NAME in place of --snapshot spares looking through the whole store.
            SnapshotWorkflows.App catalog hash [--settings-root DIR]
              prints a SHA-256 over what the manifests prove of every copy in the list: the same before and after a rebuild.
              It reads the catalog that is there, and begins none where there is none; so does audit export.
            SnapshotWorkflows.App ledger restore [--from NAME] [--settings-root DIR]
              brings the ledger back from its newest backup on the default destination, or from the one named; a catalog that is
              there is kept beside it. Stop the service first, and run 'catalog rebuild' afterwards.
            SnapshotWorkflows.App audit export [--settings-root DIR]
              prints the audit trail, one JSON object a line; may run beside the service.
            SnapshotWorkflows.App --version
              prints the program's version and that of its orchestrators.

            Relative paths in the settings are meant from DIR, those of the command line (--output) from the current folder. Commands that need
            the state path run as the service's user, with its settings: a unit of systemd may hold some in its environment.
            """);
        return exitCode;
    }
}
