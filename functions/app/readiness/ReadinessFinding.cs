namespace SnapshotWorkflows.App.Readiness;

/// <summary>What a check found of one system: what it is, or what to mend.</summary>
internal sealed record ReadinessFinding(string System, bool Ready, string Found, string? Mend);
