namespace SnapshotWorkflows.Contracts;

public sealed record NoInput;
