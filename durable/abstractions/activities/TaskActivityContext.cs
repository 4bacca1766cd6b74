namespace SnapshotWorkflows.Durable;

public abstract class TaskActivityContext
{
    public abstract TaskName Name { get; }

    /// <summary>The orchestration that called the activity.</summary>
    public abstract string InstanceId { get; }

    public virtual string Version => "";
}
