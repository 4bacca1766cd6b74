using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Activities;

internal sealed class EngineActivityContext(ScheduledActivity activity) : TaskActivityContext
{
    public override TaskName Name => activity.Name;

    public override string InstanceId => activity.Key.InstanceId;

    public override string Version => activity.Version ?? "";
}
