using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace SnapshotWorkflows.Secondary.Metrics;

/// <summary>Counts and times every call to a store, by destination, operation and outcome.</summary>
public sealed class MeteredStore(ISecondaryStore inner, StoreInstruments instruments, TimeProvider time) : StoreDecorator(inner)
{
    /// <remarks>One call, however many pages it takes; the time that the store took, without the reader's.</remarks>
    public override async IAsyncEnumerable<StoreObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var spent = TimeSpan.Zero;
        var outcome = "ok";
        await using var objects = Inner.ListAsync(prefix, cancellation).GetAsyncEnumerator(cancellation);
        try
        {
            while (await NextAsync())
                yield return objects.Current;
        }
        finally
        {
            instruments.Duration.Record(spent.TotalSeconds, Tags(StoreOperation.List, outcome));
        }

        async Task<bool> NextAsync()
        {
            var began = time.GetTimestamp();
            try
            {
                return await objects.MoveNextAsync();
            }
            catch (Exception failure)
            {
                outcome = Outcome(failure);
                throw;
            }
            finally
            {
                spent += time.GetElapsedTime(began);
            }
        }
    }

    protected override async Task<T> AroundAsync<T>(StoreCall call, Func<CancellationToken, Task<T>> act, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        var outcome = "ok";
        var bytes = 0L;
        try
        {
            var result = await act(cancellation);
            // Of an object that is there already nothing was carried.
            bytes = result is PutOutcome.AlreadyExists ? 0 : call.Bytes;
            return result;
        }
        catch (Exception failure)
        {
            outcome = Outcome(failure);
            throw;
        }
        finally
        {
            var tags = Tags(call.Operation, outcome);
            instruments.Duration.Record(time.GetElapsedTime(began).TotalSeconds, tags);
            if (bytes > 0)
                instruments.Bytes.Add(bytes, tags);
        }
    }

    private TagList Tags(StoreOperation operation, string outcome) =>
        new() { { "store.name", Name }, { "store.operation", operation.ToString().ToLowerInvariant() }, { "store.outcome", outcome } };

    private static string Outcome(Exception failure) => failure switch
    {
        SecondaryException known => known.Code,
        OperationCanceledException => "cancelled",
        _ => "error",
    };
}
