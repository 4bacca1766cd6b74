namespace SnapshotWorkflows.Contracts;

public sealed record BackupLedgerInput(string Caller);

/// <param name="At">Names the backup; the same at every attempt.</param>
public sealed record CopyLedgerInput(DateTimeOffset At);

/// <param name="Name">On the default destination; null where the catalog is on a server, which has its own means.</param>
public sealed record LedgerCopy(string? Name, long Bytes);

public sealed record BackedUpLedger(LedgerCopy Copy, int Removed);
