using System.Runtime.CompilerServices;
using Polly;
using Polly.Retry;

namespace SnapshotWorkflows.Secondary.Retry;

/// <summary>How a store's passing failures are ridden out.</summary>
public sealed class StoreRetryOptions
{
    /// <summary>Tries after the first; 0 turns it off. Default 4.</summary>
    public int Retries { get; set; } = 4;

    /// <summary>Wait before the first repetition, doubled for each further one, with jitter. Default 0.5 s.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest wait, an hour at most. Default 15 s.</summary>
    public TimeSpan LongestDelay { get; set; } = TimeSpan.FromSeconds(15);
}

/// <summary>
/// Repeats what failed as <c>store.unavailable</c>. Reads, look-ups, deletions and staged parts are the same when done twice. A put is repeated only where the store keeps a mark of
/// who made an object: then "exists already" of our own lost answer is told from a rival's. Elsewhere a put is tried once.
/// </summary>
public sealed class RetryingStore(ISecondaryStore inner, StoreRetryOptions options, TimeProvider time) : StoreDecorator(inner)
{
    private readonly ResiliencePipeline _pipeline = options.Retries == 0
        ? ResiliencePipeline.Empty
        : new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = options.Retries,
            Delay = options.Delay,
            MaxDelay = options.LongestDelay,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = new PredicateBuilder().Handle<SecondaryStoreException>(Passes),
        }).Build();

    public override Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        KeepsMarks ? PutAsync(name, content, NewMark(), cancellation) : base.PutAsync(name, content, cancellation);

    /// <inheritdoc/>
    /// <remarks>A stream cannot be read twice; its parts can be sent twice.</remarks>
    public override async Task<PutOutcome> PutAsync(string name, Stream content, CancellationToken cancellation)
    {
        if (!KeepsMarks)
            return await base.PutAsync(name, content, cancellation);
        if (await FindAsync(name, cancellation) is not null)
            return PutOutcome.AlreadyExists;
        if (StagedStream.InMemory(content) is { } whole)
            return await PutAsync(name, whole, cancellation);
        var first = new byte[StagedStream.PartBytes];
        var length = await StagedStream.FillAsync(content, first, cancellation);
        return length < first.Length
            ? await PutAsync(name, first.AsMemory(0, length), cancellation)
            : await StagedStream.PutAsync(this, name, NewMark(), first, content, cancellation);
    }

    /// <inheritdoc/>
    /// <remarks>A listing that broke is begun anew and goes on behind the last name given: names come in order.</remarks>
    public override async IAsyncEnumerable<StoreObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        string? last = null;
        var items = Inner.ListAsync(prefix, cancellation).GetAsyncEnumerator(cancellation);
        try
        {
            while (true)
            {
                var broken = false;
                var next = await _pipeline.ExecuteAsync(async token =>
                {
                    if (broken)
                    {
                        await items.DisposeAsync();
                        items = Inner.ListAsync(prefix, cancellation).GetAsyncEnumerator(cancellation);
                    }
                    broken = true;
                    while (await items.MoveNextAsync())
                    {
                        if (last is null || string.CompareOrdinal(items.Current.Name, last) > 0)
                            return items.Current;
                    }
                    return null;
                }, cancellation);
                if (next is null)
                    yield break;
                last = next.Name;
                yield return next;
            }
        }
        finally
        {
            await items.DisposeAsync();
        }
    }

    protected override async Task<T> AroundAsync<T>(StoreCall call, Func<CancellationToken, Task<T>> act, CancellationToken cancellation) => call.Repeatable
        ? await _pipeline.ExecuteAsync(static async (act, token) => await act(token), act, cancellation)
        : await act(cancellation);

    private static bool Passes(SecondaryStoreException failure) => failure.Code == StoreCodes.Unavailable;

    private static string NewMark() => Guid.NewGuid().ToString("n");
}
