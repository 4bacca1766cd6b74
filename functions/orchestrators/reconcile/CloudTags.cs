using System.Globalization;

namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The result of a copy, as tags on the CloudStack snapshot that it was made of. A tag that cannot be put fails nothing: the copy is what counts, and the audit trail tells.</summary>
internal static class CloudTags
{
    public static async Task TagAsync(this StepRunner runner, DateTime now, string cloudSnapshot, RequestKey copy, StepFault? fault, string who, StepPolicy policy)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["swf-state"] = fault is null ? nameof(SnapshotState.BackedUp) : nameof(SnapshotState.Error),
            ["swf-copy"] = copy.Uuid,
            ["swf-at"] = now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["swf-code"] = fault?.Code ?? "none",
        };
        try
        {
            await runner.RunUncancelledAsync(Steps.TagCloudSnapshot, new TagCloudSnapshotInput(cloudSnapshot, tags), policy);
        }
        catch (StepFaultException untagged)
        {
            await runner.FinishAsync(Steps.RecordAudit, new AuditEntry(who, "snapshot.tag", cloudSnapshot, "failed", untagged.Fault.Code), _ => { });
        }
    }
}
