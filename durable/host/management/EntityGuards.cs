using SnapshotWorkflows.Durable.Entities;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>The app's guards, asked in order wherever a request would change an entity from outside.</summary>
internal sealed class EntityGuards(IEnumerable<IEntityGuard> guards)
{
    /// <exception cref="Http.HostProblemException">A guard refuses: 409 with its code.</exception>
    public void Ask(EntityInstanceId entity)
    {
        foreach (var guard in guards)
        {
            if (guard.Decide(entity) is { } refusal)
            {
                throw InstanceAnswers.Conflict(refusal.Code, refusal.Detail, refusal.Remedy);
            }
        }
    }
}
