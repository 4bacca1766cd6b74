using SnapshotWorkflows.Durable.Engine.Turns;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <content>
/// With threads of its own: while one transaction is being written, the turns of the next are run. An instance has at most one turn on its way; whatever a turn
/// consumed was committed before, so the batch that is gathered stands whatever becomes of the one in flight.
/// </content>
internal sealed partial class Dispatcher
{
    private readonly HashSet<string> _busy = [];
    private readonly HashSet<string> _again = [];
    private List<Unit> _gathered = [];
    private List<Unit>? _flying;
    private Task _flight = Task.CompletedTask;
    private Landed? _landed;

    /// <summary>Turns that were run or are being committed.</summary>
    public bool HasPending => _flying is not null || _gathered.Count > 0;

    /// <summary>Takes what has come, runs what is ready, and sends the next transaction off when the one before it is over.</summary>
    /// <returns>False if there is nothing to do before something else comes.</returns>
    public async Task<bool> WorkAsync(CancellationToken cancellation)
    {
        Drain();
        await HeedClockAsync(cancellation);
        var moved = await LandAsync(cancellation);
        if (_flying is null && _gathered.Count == 0 && MayTry)
        {
            await TryNextAsync(cancellation);
            return true;
        }
        var before = _gathered.Count;
        await GatherAsync(_gathered, cancellation);
        moved |= _gathered.Count > before;
        if (_flying is not null || _gathered.Count == 0)
            return moved || HasMore;
        var batch = _gathered;
        _gathered = [];
        if (batch.Count == 1)
        {
            // Nothing else is to do: another thread would only add the way there and back.
            await CommitAsync(batch, cancellation);
            return HasMore;
        }
        metrics.Committed(batch.Count);
        _flying = batch;
        _flight = committer.LaunchAsync(Writes(batch), cancellation);
        return true;
    }

    /// <summary>The next transaction could be gathered without any new input.</summary>
    private bool HasMore => _flying is null
        && (_ready.Count + _requests.Count + _completions.Count + _entityCommits.Count + _releases.Count + _notes.Count > 0
            || (_claims.TryPeek(out var claim) && HasRoom(claim, _gathered)) || SuspectsWait);

    /// <summary>Before the hub is closed.</summary>
    public Task SettleAsync() => _flight;

    private async Task<bool> LandAsync(CancellationToken cancellation)
    {
        if (_landed is not { } landed)
            return false;
        var batch = _flying!;
        (_flying, _landed) = (null, null);
        if (landed.Failure is OperationCanceledException)
            cancellation.ThrowIfCancellationRequested();
        if (landed.Failure is { } failure)
            await GiveUpAsync(batch, failure, cancellation);
        else
            Apply(batch, landed.Results!);
        Tidy();
        return true;
    }
}
