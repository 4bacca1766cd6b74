using System.Collections.Concurrent;

namespace SnapshotWorkflows.Durable.Engine.Activities;

/// <summary>Runs attempts, so many at the same time. Whoever ends one takes the next: short activities need no way back over the dispatcher.</summary>
internal sealed class ActivityWorkers(int most, Func<ActivityExecution, Task> run)
{
    private readonly ConcurrentQueue<ActivityExecution> _queue = new();
    private int _workers;

    /// <summary>Attempts that have not begun.</summary>
    public int Queued => _queue.Count;

    public void Add(ActivityExecution execution)
    {
        _queue.Enqueue(execution);
        if (TryEnter())
            _ = Task.Run(WorkAsync, CancellationToken.None);
    }

    /// <returns>Runs just this one on the thread that calls it; null when it waits in the queue, since no place is free.</returns>
    public Action? Here(ActivityExecution execution)
    {
        if (_queue.IsEmpty && TryEnter())
            return () => _ = OneAsync(execution);
        Add(execution);
        return null;
    }

    private async Task OneAsync(ActivityExecution execution)
    {
        try
        {
            await run(execution);
        }
        finally
        {
            Interlocked.Decrement(ref _workers);
            if (!_queue.IsEmpty && TryEnter())
                _ = Task.Run(WorkAsync, CancellationToken.None);
        }
    }

    private async Task WorkAsync()
    {
        do
        {
            try
            {
                while (_queue.TryDequeue(out var execution))
                    await run(execution);
            }
            finally
            {
                Interlocked.Decrement(ref _workers);
            }
        }
        while (!_queue.IsEmpty && TryEnter()); // one may have come after the last look, when no place was free
    }

    private bool TryEnter()
    {
        var workers = Volatile.Read(ref _workers);
        while (workers < most)
        {
            var seen = Interlocked.CompareExchange(ref _workers, workers + 1, workers);
            if (seen == workers)
                return true;
            workers = seen;
        }
        return false;
    }
}
