using SnapshotWorkflows.Durable.Entities;

namespace SnapshotWorkflows.Durable.Engine;

/// <content>What has been registered, as the public registry tells it.</content>
public sealed partial class DurableTaskRegistry
{
    /// <param name="entity">One object for every entity of the name: its state lies in the operation, not in it.</param>
    public DurableTaskRegistry AddEntity(ITaskEntity entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        return AddEntity(NameOf(entity.GetType()), entity);
    }

    public IEnumerable<KeyValuePair<TaskName, Func<IServiceProvider, ITaskOrchestrator>>> GetOrchestrators() =>
        _orchestrators.Select(entry => KeyValuePair.Create<TaskName, Func<IServiceProvider, ITaskOrchestrator>>(entry.Key.Name, _ => entry.Value()));

    public IEnumerable<KeyValuePair<TaskName, Func<IServiceProvider, ITaskActivity>>> GetActivities() =>
        _activities.Select(entry => KeyValuePair.Create<TaskName, Func<IServiceProvider, ITaskActivity>>(entry.Key.Name, entry.Value));

    public IEnumerable<KeyValuePair<TaskName, Func<IServiceProvider, ITaskEntity>>> GetEntities() =>
        _entities.Select(entry => KeyValuePair.Create<TaskName, Func<IServiceProvider, ITaskEntity>>(entry.Key, entry.Value));
}
