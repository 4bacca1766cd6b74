using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.CatalogSteps;

/// <summary>Adds a line to the audit trail. Run twice it stands there twice: better than not at all.</summary>
[DurableTask(StepNames.RecordAudit)]
public sealed class RecordAudit(AuditTrail audit, IActivityExecution execution) : StepActivity<AuditEntry, bool>(execution)
{
    protected override Task<bool> ExecuteAsync(AuditEntry input, CancellationToken cancellation)
    {
        audit.Add(input.Who, input.What, input.Subject, input.Outcome, input.Detail);
        return Task.FromResult(true);
    }
}
