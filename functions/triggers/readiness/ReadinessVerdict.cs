namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>What the findings come to.</summary>
/// <param name="Ready">Jobs can end well: all that everything needs answers, and one at least of each kind of which there are several.</param>
/// <param name="Degraded">Ready, but not all of it: jobs that need what is away wait for it, and <see cref="ReadinessFinding.Mend"/> tells what to do.</param>
public sealed record ReadinessVerdict(bool Ready, bool Degraded)
{
    public static ReadinessVerdict Of(IReadOnlyList<ReadinessFinding> findings)
    {
        var ready = findings.Where(finding => finding.OneOf is null).All(finding => finding.Ready)
            && findings.Where(finding => finding.OneOf is not null).GroupBy(finding => finding.OneOf).All(kind => kind.Any(finding => finding.Ready));
        return new ReadinessVerdict(ready, ready && !findings.All(finding => finding.Ready));
    }
}
