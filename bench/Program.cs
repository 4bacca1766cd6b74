using System.Globalization;
using SnapshotWorkflows.Bench.Backup;
using SnapshotWorkflows.Bench.Campaign;
using SnapshotWorkflows.Bench.Engine;

// Each benchmark is a folder, and the first word of the command line.
return args switch
{
    ["backup", .. var rest] => await BackupBench.RunAsync(rest),
    ["backup-history", .. var rest] => await HistoryBench.RunAsync(rest),
    ["backup-kills", .. var rest] => await KillBench.RunAsync(rest),
    ["backup-memory", .. var rest] => await MemoryBench.RunAsync(rest),
    ["backup-phase", .. var rest] => await BackupPhases.RunAsync(rest),
    ["campaign", .. var rest] => await CampaignBench.RunAsync(rest),
    ["engine", .. var rest] => await EngineBench.RunAsync(rest),
    ["engine-child", var phase, var instances] => await RecoveryChild.RunAsync(phase, int.Parse(instances, CultureInfo.InvariantCulture)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        bench backup --format chunks|vhd --store folder|azurite [--size 2GiB] [--folder DIR] [--encrypt] [--no-peers] [--keep]
            One JSON line a figure (sent: to the store; of a verification, read from it; of a restore, written): first backup, 1 % changed, nothing changed, verify, restore, killed half-way and run again.
        bench backup-history [--snapshots 1000]
            Many snapshots of one volume: list, manifest, restore, deletion of 70 %, collection; at half the number and at all of it.
        bench backup-kills [--format chunks|vhd] [--store folder|azurite] [--kills 50] [--size 2GiB] [--folder DIR] [--seed N]
            A backup killed at random moments and run again.
        bench backup-memory [--folder DIR]
            Peak memory at 64 GiB (sparse) and with an index of 2 TiB.
        bench campaign [--seeds 1,2,3] [--volumes 500] [--data MIB] [--at-once 20] [--kill-every 10] [--faults 0.05] [--quiesce none|hook] [--format vhd|chunks] [--folder DIR] [--keep]
            Volumes of 1 GiB (sparse) with 64 MiB of distinct data each under one policy, the app killed every 10 s, faults on 5 % of all appliance calls.
        bench engine --hub sqlite|postgres [--rounds 5] [--seconds 2] [--parts c1,c64,c512,fanout,recovery] [--instances 10000] [--folder DIR]
            One JSON line a figure, each beside a bare loop of 12 single-row commits a workflow on the same database in the same run.
        """);
    return 2;
}
