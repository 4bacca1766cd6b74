using SnapshotWorkflows.App.Commands;

return args switch
{
    ["serve", "--help" or "-h"] => Usage.Print(Console.Out, exitCode: 0),
    [] or ["serve", ..] => await Serve.RunAsync(args.Length == 0 ? args : args[1..]),
    ["watchdog", "--help" or "-h"] => Usage.Print(Console.Out, exitCode: 0),
    ["watchdog", ..] => await Watch.RunAsync(args[1..]),
    ["catalog", "hash", ..] => await HashCatalog.RunAsync(args[2..]),
    ["ledger", "restore", ..] => await RestoreLedger.RunAsync(args[2..]),
    ["audit", "export", ..] => await ExportAudit.RunAsync(args[2..]),
    ["catalog", "rebuild", ..] => await RebuildCatalog.RunAsync(args[2..]),
    ["restore-file", ..] => await RestoreFile.RunAsync(args[1..]),
    ["--version"] => ShowVersion.Print(Console.Out),
    ["--help" or "-h" or "help"] => Usage.Print(Console.Out, exitCode: 0),
    _ => Usage.Print(Console.Error, exitCode: 64),
};
