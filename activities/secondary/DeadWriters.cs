using SnapshotWorkflows.Secondary;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>What an attempt of the same call left whose process died within a write: a half-written object, or a second name of a whole one. No listing shows either, but they keep their space.</summary>
internal static partial class DeadWriters
{
    /// <summary>
    /// To be called once the object is there: whoever still writes under its name writes in vain. It fails nothing, for the object stands; what stays is swept after a week
    /// (<see cref="FindRepositories"/>).
    /// </summary>
    public static async Task SweepAsync(this ISecondaryStore store, string name, IActivityExecution execution, ILogger logger, CancellationToken cancellation)
    {
        if (execution.Attempt == 1) return;
        try
        {
            // Whatever the store's clock says.
            await store.SweepUnfinishedAsync(name, DateTimeOffset.MaxValue, cancellation);
        }
        catch (SecondaryException failure)
        {
            Left(logger, name, store.Name, failure.Message);
        }
    }

    [LoggerMessage(EventId = 3141, Level = LogLevel.Warning, Message = "What a writer of '{Name}' that died may have left on {Store} could not be swept, and is tried again in a week: {Reason}")]
    private static partial void Left(ILogger logger, string name, string store, string reason);
}
