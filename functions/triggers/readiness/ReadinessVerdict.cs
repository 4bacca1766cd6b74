namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>What the findings come to.</summary>
/// <param name="Ready">Jobs can end well: all that everything needs answers, and one at least of each kind of which there are several.</param>
/// <param name="Degraded">Ready, but not all of it: jobs that need what is away wait for it, or a setting is not what was meant; <see cref="ReadinessFinding.Mend"/> tells what to do.</param>
public sealed record ReadinessVerdict(bool Ready, bool Degraded)
{
    public static ReadinessVerdict Of(IReadOnlyList<ReadinessFinding> findings)
    {
        var needed = findings.Where(finding => !finding.IsAdvice).ToList();
        var ready = needed.Where(finding => finding.OneOf is null).All(finding => finding.Ready)
            && needed.Where(finding => finding.OneOf is not null).GroupBy(finding => finding.OneOf).All(kind => kind.Any(finding => finding.Ready));
        return new ReadinessVerdict(ready, ready && !findings.All(finding => finding.Ready));
    }
}
