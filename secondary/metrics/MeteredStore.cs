using System.Diagnostics;

namespace SnapshotWorkflows.Secondary.Metrics;

/// <summary>Counts and times every call to a store, by destination, operation and outcome.</summary>
public sealed class MeteredStore(ISecondaryStore inner, StoreInstruments instruments, TimeProvider time) : StoreDecorator(inner)
{
    protected override async Task<T> AroundAsync<T>(StoreCall call, Func<CancellationToken, Task<T>> act, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        var outcome = "ok";
        try
        {
            return await act(cancellation);
        }
        catch (SecondaryException failure)
        {
            outcome = failure.Code;
            throw;
        }
        catch (OperationCanceledException)
        {
            outcome = "cancelled";
            throw;
        }
        catch
        {
            outcome = "error";
            throw;
        }
        finally
        {
            var tags = new TagList { { "store.name", Name }, { "store.operation", call.Operation.ToString().ToLowerInvariant() }, { "store.outcome", outcome } };
            instruments.Duration.Record(time.GetElapsedTime(began).TotalSeconds, tags);
            if (call.Bytes > 0 && outcome == "ok")
                instruments.Bytes.Add(call.Bytes, tags);
        }
    }
}
