namespace SnapshotWorkflows.Durable.Host;

/// <summary>
/// Asked before the management API starts an instance, and before anything is stored or replaced. An app registers one when its orchestrations cannot begin with every input, or under every id:
/// whoever asks learns it at once, and not from an instance that failed.
/// </summary>
public interface IStartGuard
{
    /// <param name="orchestrator">Its registered name.</param>
    /// <param name="instanceId">As the request gave it; null where it left the choice to the host.</param>
    /// <param name="input">JSON, as it came; null where there was none.</param>
    /// <returns>Null where it may; otherwise why it may not, and what to do instead: 400.</returns>
    StartRefusal? Decide(string orchestrator, string? instanceId, string? input);
}

/// <param name="Remedy">Names the route to use instead.</param>
public sealed record StartRefusal(string Code, string Detail, string Remedy);
