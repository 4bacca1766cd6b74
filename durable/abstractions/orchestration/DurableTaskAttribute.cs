namespace SnapshotWorkflows.Durable;

/// <summary>Names an orchestrator or activity class; without it the class name is the name.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class DurableTaskAttribute(string? name = null) : Attribute
{
    public TaskName Name { get; } = name is null ? default : new TaskName(name);

    public string? Version { get; set; }
}
