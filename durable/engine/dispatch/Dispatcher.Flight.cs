using SnapshotWorkflows.Durable.Engine.Turns;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <content>
/// With threads of its own: while one transaction is being written, the turns of the next are run, and what has been gathered is offered to go as soon as the hub is free. An instance has at
/// most one turn on its way; whatever a turn consumed was committed before, so the batch that is gathered stands whatever becomes of the one in flight.
/// </content>
internal sealed partial class Dispatcher
{
    private readonly HashSet<string> _busy = [];
    private readonly HashSet<string> _again = [];

    /// <summary>Sent off, in order, and not yet known to be over.</summary>
    private readonly Queue<List<Unit>> _flights = [];
    private readonly Queue<Landed> _landed = [];
    private List<Unit> _gathered = [];
    private bool _isOffered;
    private Task _flight = Task.CompletedTask;

    /// <summary>Turns that were run or are being committed.</summary>
    public bool HasPending => _flights.Count > 0 || _gathered.Count > 0;

    /// <summary>Takes what has come, runs what is ready, and sends the next transaction off when the one before it is over.</summary>
    /// <returns>False if there is nothing to do before something else comes.</returns>
    public async Task<bool> WorkAsync(CancellationToken cancellation)
    {
        Drain();
        await HeedClockAsync(cancellation);
        Reclaim();
        var moved = await LandAsync(cancellation);
        if (_flights.Count == 0 && _gathered.Count == 0 && MayTry)
        {
            await TryNextAsync(cancellation);
            return true;
        }
        var before = _gathered.Count;
        await GatherAsync(_gathered, cancellation);
        moved |= _gathered.Count > before;
        if (_gathered.Count == 0)
            return moved || HasMore;
        if (_flights.Count > 0)
        {
            _isOffered = true;
            committer.Offer(Writes(_gathered));
            return moved;
        }
        if (_gathered is [_] alone)
        {
            _gathered = [];
            // Nothing else is to do: another thread would only add the way there and back.
            await CommitAsync(alone, cancellation);
            return HasMore;
        }
        Launch(cancellation);
        return true;
    }

    private void Launch(CancellationToken cancellation)
    {
        var writes = Writes(_gathered);
        SentOff();
        _flight = committer.LaunchAsync(writes, cancellation);
    }

    /// <summary>What was offered is gathered further, unless it has been taken.</summary>
    private void Reclaim()
    {
        if (!_isOffered)
            return;
        _isOffered = false;
        if (!committer.TryTakeBack())
            SentOff();
    }

    private void SentOff()
    {
        metrics.Committed(_gathered.Count);
        _flights.Enqueue(_gathered);
        _gathered = [];
    }

    /// <summary>The next transaction could be gathered without any new input.</summary>
    private bool HasMore => _flights.Count == 0
        && (_ready.Count + _requests.Count + _completions.Count + _entityCommits.Count + _releases.Count + _notes.Count > 0
            || (_claims.TryPeek(out var claim) && HasRoom(claim, _gathered)) || SuspectsWait);

    /// <summary>Before the hub is closed.</summary>
    public Task SettleAsync() => _flight;

    private async Task<bool> LandAsync(CancellationToken cancellation)
    {
        var moved = false;
        while (_landed.TryDequeue(out var landed))
        {
            moved = true;
            var batch = _flights.Dequeue();
            if (landed.Failure is OperationCanceledException)
                cancellation.ThrowIfCancellationRequested();
            if (landed.Failure is { } failure)
            {
                await GiveUpAsync(batch, failure, cancellation);
            }
            else
            {
                // The hub need not wait until it is known here what became of the last.
                if (_flights.Count == 0 && _gathered.Count > 1)
                    Launch(cancellation);
                Apply(batch, landed.Results!);
            }
            Tidy();
        }
        return moved;
    }
}
