using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Keeps the last report of an upkeep where GET finds it.</summary>
[DurableTask(StepNames.SaveReport)]
public sealed class SaveReport(UpkeepReports reports, IActivityExecution execution) : StepActivity<SaveReportInput, bool>(execution)
{
    protected override Task<bool> ExecuteAsync(SaveReportInput input, CancellationToken cancellation)
    {
        reports.Save(input.Name, input.Json);
        return Task.FromResult(true);
    }
}
