using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Activities;

/// <summary>A call that nobody runs and that this process wants. It waits until it could begin: each claim counts as an attempt.</summary>
/// <param name="Attempts">Begun before.</param>
internal sealed record PendingClaim(ClaimActivity Write, string Name, int Attempts)
{
    public ActivityKey Key => Write.Key;

    /// <summary>Begun twice or more, or claimed so often: it is claimed for a place that is free, so that the count tells of attempts that have run.</summary>
    public bool NeedsPlace => Attempts >= 2;
}
