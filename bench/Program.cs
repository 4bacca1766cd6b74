using SnapshotWorkflows.Bench.Backup;

// Each benchmark is a folder, and the first word of the command line.
return args switch
{
    ["backup", .. var rest] => await BackupBench.RunAsync(rest),
    ["backup-phase", .. var rest] => await BackupPhases.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        bench backup --format chunks|vhd --store folder|azurite [--size 2GiB] [--folder DIR] [--encrypt] [--no-peers] [--keep]
            One JSON line a figure: first backup, 1 % changed, nothing changed, verify, restore, killed half-way and run again.
        """);
    return 2;
}
