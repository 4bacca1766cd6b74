using SnapshotWorkflows.Durable.Entities;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>
/// Asked before the management API signals, deletes or purges an entity. An app registers one when an entity of its own holds what workflows under way build on.
/// </summary>
public interface IEntityGuard
{
    /// <returns>Null where it may be; otherwise why it may not, and what to do instead: 409.</returns>
    EntityRefusal? Decide(EntityInstanceId entity);
}

/// <param name="Remedy">Names the route to use instead.</param>
public sealed record EntityRefusal(string Code, string Detail, string Remedy);
