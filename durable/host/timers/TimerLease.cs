namespace SnapshotWorkflows.Durable.Host.Timers;

/// <summary>
/// The right to run a timer function, among all nodes. Renewed while the function runs; when it is lost (this node could not reach the hub for so long that
/// another one may have begun), <see cref="Lost"/> asks the function to stop. Nodes compare their clocks here, so they must agree within ten seconds.
/// </summary>
internal sealed class TimerLease : IAsyncDisposable
{
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    private readonly ITimerStore _store;
    private readonly string _function;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _keeping;
    private KeptTimer _kept;

    private TimerLease(ITimerStore store, string function, TimeProvider time, KeptTimer kept)
    {
        _store = store;
        _function = function;
        _time = time;
        _kept = kept;
        _keeping = KeepAsync();
    }

    public CancellationToken Lost => _lost.Token;

    /// <returns>Null when another node was faster.</returns>
    public static async Task<TimerLease?> TakeAsync(ITimerStore store, string function, string owner, KeptTimer from, TimeProvider time, CancellationToken cancellation)
    {
        var state = from.State with { Owner = owner, LeaseUntil = time.GetUtcNow().UtcDateTime + Length };
        return await store.StoreAsync(function, from.Revision, state, cancellation) is { } kept ? new TimerLease(store, function, time, kept) : null;
    }

    /// <summary>Ends the renewals, so that the state can be replaced.</summary>
    /// <returns>The state as this node kept it last.</returns>
    public async Task<KeptTimer> EndAsync()
    {
        await _ended.CancelAsync();
        await _keeping;
        return _kept;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _ended.Dispose();
        _lost.Dispose();
    }

    /// <summary>Until then the run is ours whatever becomes of the renewal; a little before, the function is asked to stop.</summary>
    private TimeSpan Left => _kept.State.LeaseUntil!.Value - Margin - _time.GetUtcNow().UtcDateTime;

    private async Task KeepAsync()
    {
        try
        {
            var left = Left;
            while (left > TimeSpan.Zero)
            {
                await Task.Delay(left < Renewal ? left : Renewal, _time, _ended.Token);
                left = Left;
                if (left > TimeSpan.Zero)
                    left = await RenewAsync(left) ? Left : TimeSpan.Zero;
            }
            await _lost.CancelAsync();
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // The run is over.
        }
    }

    /// <returns>False when another node has it.</returns>
    private async Task<bool> RenewAsync(TimeSpan patience)
    {
        try
        {
            var until = _time.GetUtcNow().UtcDateTime + Length;
            // The hub tries for longer than the lease lasts; a write that comes later is one of an old revision once another node has the timer.
            var renewal = _store.StoreOwnedAsync(_function, _kept.State.Owner!, _kept.Revision, _kept.State with { LeaseUntil = until }, _ended.Token);
            if (await renewal.WaitAsync(patience, _time, _ended.Token) is not { } kept)
                return false;
            _kept = kept;
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException || !_ended.IsCancellationRequested)
        {
            // The hub is out of reach: until the lease is over nobody else runs it.
            return true;
        }
    }
}
