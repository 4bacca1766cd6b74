namespace SnapshotWorkflows.Durable.Host.Timers;

/// <summary>Where the states of timers lie, for all nodes of an app.</summary>
internal interface ITimerStore
{
    /// <returns>Null when the timer is new.</returns>
    Task<KeptTimer?> ReadAsync(string function, CancellationToken cancellation);

    /// <summary>Puts a state in place of the one of <paramref name="revision"/>; 0 = there is none yet.</summary>
    /// <returns>The state as kept; null when another node was faster.</returns>
    Task<KeptTimer?> StoreAsync(string function, long revision, TimerState state, CancellationToken cancellation);

    /// <summary>As <see cref="StoreAsync"/>, for the owner of the timer: a write of its own whose outcome it never learned does not stand in its way.</summary>
    /// <returns>Null when another node owns the timer now.</returns>
    async Task<KeptTimer?> StoreOwnedAsync(string function, string owner, long revision, TimerState state, CancellationToken cancellation)
    {
        if (await StoreAsync(function, revision, state, cancellation) is { } kept)
        {
            return kept;
        }

        return await ReadAsync(function, cancellation) is { } now && now.State.Owner == owner
            ? await StoreAsync(function, now.Revision, state, cancellation)
            : null;
    }
}
