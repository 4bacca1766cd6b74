using System.Runtime.InteropServices;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>Ctrl-C and SIGTERM end a run by way of its own clearing up: a server that it started, and its files, must not stay behind.</summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>What is under way gets this long to end by itself.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _signals;

    public Interruption() => _signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop)];

    public CancellationToken Token => _source.Token;

    /// <exception cref="TimeoutException">It was interrupted and did not end in time.</exception>
    public async Task GuardAsync(Task run)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (Token.Register(stopped.SetResult))
            await Task.WhenAny(run, stopped.Task);
        await (stopped.Task.IsCompleted ? run.WaitAsync(s_patience, TimeProvider.System, CancellationToken.None) : run);
    }

    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
        _source.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        _source.Cancel();
    }
}
