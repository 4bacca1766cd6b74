using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <summary>The one place that commits. What a commit delivered enters the dispatcher's queue in the order of commits.</summary>
internal sealed class HubCommitter(ITaskHub hub, EngineInputs inputs) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private IReadOnlyList<HubWrite>? _offer;
    private volatile bool _isAtWork;

    public async Task<IReadOnlyList<WriteResult>> CommitAsync(IReadOnlyList<HubWrite> writes, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            var results = await hub.CommitAsync(writes, cancellation);
            foreach (var result in results)
            {
                foreach (var message in result.Delivered)
                    inputs.Write(new Delivered(message));
            }
            return results;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// On another thread; a <see cref="Landed"/> tells of the end. When there is an offer by then, that goes next without any way over the dispatcher, and so on; nothing follows a failure.
    /// </summary>
    public Task LaunchAsync(IReadOnlyList<HubWrite> writes, CancellationToken cancellation)
    {
        _isAtWork = true;
        return Task.Run(() => WriteOnAsync(writes, cancellation), CancellationToken.None);
    }

    /// <summary>What is to follow the transaction that is being written.</summary>
    public void Offer(IReadOnlyList<HubWrite> writes) => Volatile.Write(ref _offer, writes);

    /// <returns>False when the offer has been taken: it is on its way.</returns>
    public bool TryTakeBack() => Interlocked.Exchange(ref _offer, null) is not null;

    /// <summary>What was launched, and what followed it, is over: the hub waits.</summary>
    public bool IsIdle => !_isAtWork;

    private async Task WriteOnAsync(IReadOnlyList<HubWrite> first, CancellationToken cancellation)
    {
        for (IReadOnlyList<HubWrite>? next = first; next is not null;)
        {
            Landed landed;
            try
            {
                landed = new Landed(await CommitAsync(next, cancellation), null);
                next = Interlocked.Exchange(ref _offer, null);
            }
            catch (Exception exception)
            {
                landed = new Landed(null, exception);
                next = null;
            }
            _isAtWork = next is not null;
            inputs.Write(landed);
        }
    }

    public void Dispose() => _gate.Dispose();
}
