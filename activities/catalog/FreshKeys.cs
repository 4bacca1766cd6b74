using SnapshotWorkflows.Catalog;

namespace SnapshotWorkflows.Activities.CatalogSteps;

/// <summary>A snapshot that exists, or did until it was deleted, is not taken again: what bears its key is its own. One that failed has undone everything.</summary>
internal static class FreshKeys
{
    /// <exception cref="StepFaultException"><see cref="KeyFaults.UsedCode"/>.</exception>
    public static void RequireFresh(this SnapshotIndex index, RequestKey? snapshot)
    {
        if (snapshot is { } key && index.Find(key) is { Status: { Ended: true, State: not SnapshotState.Error } }) throw new StepFaultException(KeyFaults.Used(key));
    }
}
