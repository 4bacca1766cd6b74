using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <summary>The one place that commits. What a commit delivered enters the dispatcher's queue in the order of commits.</summary>
internal sealed class HubCommitter(ITaskHub hub, EngineInputs inputs) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);

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

    /// <summary>On another thread; a <see cref="Landed"/> tells of the end.</summary>
    public Task LaunchAsync(IReadOnlyList<HubWrite> writes, CancellationToken cancellation) => Task.Run(
        async () =>
        {
            try
            {
                inputs.Write(new Landed(await CommitAsync(writes, cancellation), null));
            }
            catch (Exception exception)
            {
                inputs.Write(new Landed(null, exception));
            }
        },
        CancellationToken.None);

    public void Dispose() => _gate.Dispose();
}
