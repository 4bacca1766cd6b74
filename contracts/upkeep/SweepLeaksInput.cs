namespace SnapshotWorkflows.Contracts;

/// <summary>What SweepLeaks is started with. Stored for ever: add optional members only.</summary>
/// <param name="DryRun">Look and report, remove nothing.</param>
public sealed record SweepLeaksInput(string Caller, bool DryRun);

/// <summary>What the last sweep found and did.</summary>
/// <param name="Items">What is not simply in use, at most <see cref="ItemsMax"/>.</param>
/// <param name="Seen">Everything with a mark like ours that was looked at.</param>
/// <param name="Unseen">Systems that could not be listed: nothing of them was touched.</param>
public sealed record LeakReport(DateTimeOffset At, bool DryRun, int Seen, int Removed, IReadOnlyList<LeakItem> Items, IReadOnlyList<SweepFailure> Unseen)
{
    public const string Name = "leaks";
    public const int ItemsMax = 1000;
}

/// <param name="Outcome"><c>reported</c>, <c>removed</c> or <c>left</c>.</param>
public sealed record LeakItem(string System, string Scope, string Role, string ObjectId, string Name, string? SnapshotId, DateTimeOffset? MadeAt, string Verdict, string Reason, string Outcome);

public sealed record SweepFailure(string Subject, string Code, string Message);

/// <summary>The result for the instance; the report has the rest.</summary>
public sealed record SweepLeaksResult(int Seen, int Leaks, int Removed, int Left, IReadOnlyList<SweepFailure> Failures);

/// <param name="Json">A whole report as it is shown.</param>
public sealed record SaveReportInput(string Name, string Json);
