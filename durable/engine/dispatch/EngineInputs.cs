using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <summary>
/// What reaches the dispatcher, in order, and the sleep of its loop. A loop that goes to sleep may leave one piece of work to its thread: that runs once the loop is suspended, so whatever
/// else comes wakes the loop on another thread; and when the work itself ends at once, the loop goes on where it was. With one thing to do, nothing changes threads.
/// </summary>
internal sealed class EngineInputs
{
    [ThreadStatic]
    private static Stay? t_stay;

    // A loop that falls asleep looks once more while another thread may already have woken it: two readers for a moment.
    private readonly Channel<EngineInput> _channel = Channel.CreateUnbounded<EngineInput>();
    private Action? _sleeping;

    public bool HasSome => _channel.Reader.TryPeek(out _);

    public bool TryRead([MaybeNullWhen(false)] out EngineInput input) => _channel.Reader.TryRead(out input);

    /// <summary>For the pump, which has no loop.</summary>
    public Task<bool> WaitAsync(CancellationToken cancellation) => _channel.Reader.WaitToReadAsync(cancellation).AsTask();

    public void Write(EngineInput input)
    {
        _channel.Writer.TryWrite(input);
        if (Interlocked.Exchange(ref _sleeping, null) is { } loop)
            ThreadPool.UnsafeQueueUserWorkItem(Drive, loop, preferLocal: false);
    }

    /// <summary>The last thing that <paramref name="work"/> says. If it was left to this thread, the loop goes on here as soon as the work has returned.</summary>
    public void WriteLast(EngineInput input, object work)
    {
        if (t_stay is not { } stay || stay.Inputs != this || stay.Work != work)
        {
            Write(input);
            return;
        }
        _channel.Writer.TryWrite(input);
        stay.Next = Interlocked.Exchange(ref _sleeping, null);
    }

    /// <summary>Suspends the loop until something comes.</summary>
    /// <param name="work">Whose last word is <see cref="WriteLast"/>.</param>
    /// <param name="run">Begins it; null for no work.</param>
    public Sleep SleepAsync(object? work, Action? run) => new(this, work, run);

    /// <summary>After a wait for something else, which may have ended on another thread: that is the loop's from here on, and what is left to it runs there.</summary>
    public Return ReturnAsync() => new(this);

    private void Suspend(Action loop, object? work, Action? run)
    {
        var stay = t_stay is { } own && own.Inputs == this ? own : null;
        Interlocked.Exchange(ref _sleeping, loop);
        // It may have come between the last look and the line above.
        var awake = HasSome ? Interlocked.Exchange(ref _sleeping, null) : null;
        if (run is not null && stay is not null && awake is null)
            (stay.Work, stay.Run) = (work, run);
        else if (run is not null)
            ThreadPool.UnsafeQueueUserWorkItem(static run => run(), run, preferLocal: false);
        if (awake is null)
            return;
        if (stay is not null)
            stay.Next = awake;
        else
            ThreadPool.UnsafeQueueUserWorkItem(Drive, awake, preferLocal: false);
    }

    /// <summary>Runs the loop until it sleeps, and then what it has left to this thread: one after the other, so that the stack does not grow.</summary>
    private void Drive(Action loop)
    {
        var stay = new Stay(this);
        t_stay = stay;
        try
        {
            for (Action? next = loop; next is not null; next = stay.TakeNext())
            {
                next();
                if (stay.TakeRun() is { } run)
                    run();
                stay.Work = null;
            }
        }
        finally
        {
            t_stay = null;
        }
    }

    public readonly struct Sleep(EngineInputs inputs, object? work, Action? run) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => false;

        public Sleep GetAwaiter() => this;

        public void OnCompleted(Action continuation) => inputs.Suspend(continuation, work, run);

        public void UnsafeOnCompleted(Action continuation) => inputs.Suspend(continuation, work, run);

        public void GetResult()
        {
            // Nothing to give: the inputs are read one by one.
        }
    }

    public readonly struct Return(EngineInputs inputs) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => t_stay is { } stay && stay.Inputs == inputs;

        public Return GetAwaiter() => this;

        public void OnCompleted(Action continuation) => inputs.Drive(continuation);

        public void UnsafeOnCompleted(Action continuation) => inputs.Drive(continuation);

        public void GetResult()
        {
            // Nothing to give.
        }
    }

    private sealed class Stay(EngineInputs inputs)
    {
        public EngineInputs Inputs => inputs;

        /// <summary>Left to this thread; compared only.</summary>
        public object? Work { get; set; }

        public Action? Run { get; set; }

        public Action? Next { get; set; }

        public Action? TakeRun()
        {
            var run = Run;
            Run = null;
            return run;
        }

        public Action? TakeNext()
        {
            var next = Next;
            Next = null;
            return next;
        }
    }
}
