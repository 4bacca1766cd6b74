using System.Diagnostics.CodeAnalysis;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Client;
using SnapshotWorkflows.Durable.Engine.Dispatch;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine;

/// <content>
/// Pump mode: one transaction or one activity at a time, in an order that depends on nothing but the work. The clock moves only when there is nothing else to do.
/// </content>
public sealed partial class DurableEngine
{
    private (ActivityExecution? Execution, Task<EngineInput> Task)? _inline;
    private Exception? _crash;
    private DateTimeOffset? _waitedFor;
    private int _waited;

    /// <summary>Runs until the condition holds; it is asked between steps.</summary>
    /// <exception cref="PumpStalledException">Nothing is left to do, and the condition does not hold.</exception>
    public Task PumpAsync(Func<bool> until, CancellationToken cancellation) =>
        PumpCoreAsync(() => ValueTask.FromResult(until()), PumpEnd.Throw, cancellation);

    /// <inheritdoc cref="PumpAsync(Func{bool}, CancellationToken)"/>
    public Task PumpAsync(Func<ValueTask<bool>> until, CancellationToken cancellation) => PumpCoreAsync(until, PumpEnd.Throw, cancellation);

    /// <summary>Runs until the instance has ended.</summary>
    /// <exception cref="PumpStalledException">Nothing is left to do, and the instance has not ended.</exception>
    public async Task<OrchestrationMetadata> PumpAsync(string instanceId, CancellationToken cancellation)
    {
        OrchestrationMetadata? ended = null;
        Task? change = null;
        await PumpCoreAsync(
            async () =>
            {
                if (change is { IsCompleted: false })
                    return false;
                change = Waiters.NextChange(instanceId);
                var record = await _hub.ReadInstanceAsync(instanceId, withData: true, cancellation);
                ended = record is null ? null : Metadata.Of(record, Converter);
                return ended?.IsCompleted == true;
            },
            PumpEnd.Throw,
            cancellation);
        return ended!;
    }

    /// <summary>Runs what is ready and returns when there is nothing to do at the present time; the clock stands still.</summary>
    public Task PumpUntilIdleAsync(CancellationToken cancellation) => PumpCoreAsync(() => ValueTask.FromResult(false), PumpEnd.ReturnIdle, cancellation);

    private enum PumpEnd
    {
        Throw,
        ReturnIdle,
    }

    private async Task PumpCoreAsync(Func<ValueTask<bool>> until, PumpEnd end, CancellationToken cancellation)
    {
        if (_loop is not null)
            throw new InvalidOperationException("The engine runs on threads of its own; it cannot be pumped.");
        if (_crash is not null)
            throw new InvalidOperationException("The engine died earlier; start a new one on the same hub.", _crash);
        _dispatcher.PropagateFailures = true;
        try
        {
            await OpenAsync(cancellation);
            var idle = TimeSpan.Zero;
            while (!await until())
            {
                cancellation.ThrowIfCancellationRequested();
                if (await _dispatcher.StepAsync(cancellation))
                {
                    idle = TimeSpan.Zero;
                    continue;
                }
                if (_inline is null && _dispatcher.TakeBatch() is { } batch)
                    _inline = (null, Task.Run(() => RunBatchAsync(batch), CancellationToken.None));
                if (_inline is null && _dispatcher.TakeRunnable() is { } execution)
                    _inline = (execution, Task.Run(() => RunInlineAsync(execution), CancellationToken.None));
                if (_inline is not null)
                    await AttendAsync(end, cancellation);
                else if (end == PumpEnd.ReturnIdle)
                    return;
                else if (!Advance(NextDue()) && !await MoreComesAsync(cancellation) && !await until())
                    throw new PumpStalledException();
            }
        }
        catch (Exception exception) when (exception is not (PumpStalledException or OperationCanceledException))
        {
            _crash = exception;
            _inline?.Execution?.Abandon();
            throw;
        }
    }

    /// <summary>Waits for the running activity; moves the clock once it seems to wait for nothing else.</summary>
    [SuppressMessage("Reliability", "CA2025", Justification = "The execution is disposed by the dispatcher after its task has ended.")]
    private async Task AttendAsync(PumpEnd end, CancellationToken cancellation)
    {
        var (_, task) = _inline!.Value;
        var due = end == PumpEnd.ReturnIdle ? null : NextDue();
        if (due != _waitedFor)
            (_waitedFor, _waited) = (due, 0);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var input = _inputs.WaitAsync(over.Token);
        // In short pieces: the activity may arm a nearer timer at any moment, and without one there is nothing to move.
        var pause = Task.Delay(_options.PumpGrace, TimeProvider.System, over.Token);
        var first = await Task.WhenAny(task, input, pause);
        await over.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
        if (task.IsCompleted)
        {
            (_inline, _waitedFor) = (null, null);
            _inputs.Write(await task);
        }
        else if (first == pause && due is not null && NextDue() == due && ++_waited * _options.PumpGrace >= PatienceFor(due.Value))
        {
            _waitedFor = null;
            Advance(due);
        }
    }

    private TimeSpan PatienceFor(DateTimeOffset due) => due - _time.GetUtcNow() <= _options.PumpPatienceHorizon ? _options.PumpGrace : _options.PumpLongGrace;

    private async Task<EngineInput> RunInlineAsync(ActivityExecution execution) => new AttemptEnded(execution, await _runner.RunAsync(execution));

    /// <summary>A client's call may be on its way between two of its own steps: it gets a moment of real time before the pump is called stalled.</summary>
    private async Task<bool> MoreComesAsync(CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var input = _inputs.WaitAsync(over.Token);
        // A commit of a caller's own on a server may take longer than that while the disk is busy.
        var grace = IsShared ? 8 * _options.PumpLongGrace : _options.PumpLongGrace;
        var came = await Task.WhenAny(input, Task.Delay(grace, TimeProvider.System, over.Token)) == input;
        await over.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
        return came;
    }

    private DateTimeOffset? NextDue()
    {
        if (_options.ClockDriver is not { } driver)
            return null;
        var durable = _dispatcher.NextWake();
        var own = driver.NextTimer;
        return durable is null || own < durable ? own : durable;
    }

    private bool Advance(DateTimeOffset? due)
    {
        if (due is null)
            return false;
        _options.ClockDriver!.AdvanceTo(due.Value);
        return true;
    }
}
