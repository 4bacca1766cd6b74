namespace SnapshotWorkflows.Durable.Engine.Activities;

/// <summary>Ends what anybody's code has made, after the work is done.</summary>
internal static class Disposal
{
    /// <returns>What it threw; null when it is gone in order, or there is nothing to dispose.</returns>
    public static async ValueTask<Exception?> TryAsync(object? one, Func<Exception, bool>? isCrash)
    {
        try
        {
            if (one is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync();
            else
                (one as IDisposable)?.Dispose();
            return null;
        }
        catch (Exception exception) when (isCrash?.Invoke(exception) != true)
        {
            return exception;
        }
    }
}
