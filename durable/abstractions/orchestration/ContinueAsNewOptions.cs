namespace SnapshotWorkflows.Durable;

public class ContinueAsNewOptions
{
    public object? NewInput { get; set; }

    /// <summary>Events that no waiter has taken go on to the new execution. Default true.</summary>
    public bool PreserveUnprocessedEvents { get; set; } = true;

    public string? NewVersion { get; set; }
}
