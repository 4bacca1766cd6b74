namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>How a call that was cancelled by its event looks to the orchestrator.</summary>
internal static class CancelledCall
{
    public static TaskFailureDetails Details(string eventName) =>
        new(typeof(OperationCanceledException).FullName!, $"The call was cancelled by the event '{eventName}'.", null, null);
}
