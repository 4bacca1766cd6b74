using SnapshotWorkflows.Durable.Client;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>
/// Asked before the management API restarts or rewinds an instance. An app registers one when some of its orchestrations work under a key of their own, whose work must not be done twice.
/// </summary>
public interface IRepeatGuard
{
    /// <param name="instance">The instance that is to be repeated.</param>
    /// <param name="isRewind">A failed one is to go on where it failed; otherwise it is to begin again.</param>
    /// <returns>Null where it may be; otherwise why it may not, and what to do instead: 409.</returns>
    RepeatRefusal? Decide(OrchestrationMetadata instance, bool isRewind);
}

/// <param name="Remedy">Names the route to use instead.</param>
public sealed record RepeatRefusal(string Code, string Detail, string Remedy);
