namespace SnapshotWorkflows.Durable.Execution;

/// <summary>Tags in <see cref="TaskOptions.Tags"/> that the engine acts on.</summary>
public static class ActivityTags
{
    /// <summary>
    /// The name of an event that cancels the running activity's token when it reaches the instance. The call ends only when the activity's code has returned;
    /// waiters on the event get it as well.
    /// </summary>
    public const string CancelOnEvent = "cancel-on-event";
}
