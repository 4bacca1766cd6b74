using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace SnapshotWorkflows.Secondary.Pipeline;

/// <summary>
/// Items in, worked on by several workers at once, results out in the order of the items. Between the stages are bounded channels, and no more than a window of items is under way, so memory is bounded
/// whatever the workers do. With one worker everything happens on the caller's own flow, step after step.
/// </summary>
internal static class OrderedStages
{
    private const int WindowPerWorker = 16;

    /// <param name="work">By worker and item; called for one item a worker at a time.</param>
    /// <param name="accept">Called for each result, in order, one at a time.</param>
    /// <param name="failed">Cancelled at the first failure; its token is what all stages run under.</param>
    public static async Task RunAsync<TItem, TResult>(IAsyncEnumerable<TItem> items, int workers, Func<int, TItem, CancellationToken, ValueTask<TResult>> work,
        Func<TResult, CancellationToken, ValueTask> accept, CancellationTokenSource failed)
    {
        var token = failed.Token;
        if (workers == 1)
        {
            await foreach (var item in items.WithCancellation(token))
                await accept(await work(0, item, token), token);
            return;
        }
        var queue = Channel.CreateBounded<(long Order, TItem Item)>(new BoundedChannelOptions(workers * 2) { SingleWriter = true });
        var results = Channel.CreateBounded<(long Order, TResult Result)>(workers * WindowPerWorker);
        using var window = new SemaphoreSlim(workers * WindowPerWorker);
        Exception? first = null;

        var stages = new List<Task> { StageAsync(ReadAsync) };
        for (var i = 0; i < workers; i++)
        {
            var worker = i;
            stages.Add(StageAsync(() => WorkAsync(worker)));
        }
        var all = Task.WhenAll(stages);
        _ = all.ContinueWith(_ => results.Writer.TryComplete(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await StageAsync(AcceptAsync);
        await all;
        if (first is not null)
            ExceptionDispatchInfo.Throw(first);

        // The first failure is the one to show; it stops the other stages, whose cancellations are only its echo.
        async Task StageAsync(Func<Task> stage)
        {
            try
            {
                await Task.Run(stage, CancellationToken.None);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref first, e, null);
                await failed.CancelAsync();
            }
        }

        async Task ReadAsync()
        {
            try
            {
                long order = 0;
                await foreach (var item in items.WithCancellation(token))
                {
                    await window.WaitAsync(token);
                    await queue.Writer.WriteAsync((order++, item), token);
                }
            }
            finally
            {
                queue.Writer.TryComplete();
            }
        }

        async Task WorkAsync(int worker)
        {
            await foreach (var (order, item) in queue.Reader.ReadAllAsync(token))
                await results.Writer.WriteAsync((order, await work(worker, item, token)), token);
        }

        async Task AcceptAsync()
        {
            var early = new Dictionary<long, TResult>();
            long next = 0;
            await foreach (var (order, result) in results.Reader.ReadAllAsync(token))
            {
                early.Add(order, result);
                while (early.Remove(next, out var one))
                {
                    await accept(one, token);
                    next++;
                    window.Release();
                }
            }
            token.ThrowIfCancellationRequested();
        }
    }
}
