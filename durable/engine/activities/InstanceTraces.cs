using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Engine.Diagnostics;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Activities;

/// <summary>The trace that an attempt belongs to. Where its instance is not in memory (taken up at a start, or another node's) the hub is asked, if anybody listens.</summary>
internal sealed class InstanceTraces(ITaskHub hub, Func<Exception, bool>? isCrash, ILogger logger)
{
    private const int MostKept = 1000;

    /// <summary>A hub that is away holds up no work for the sake of a span.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, ActivityContext> _known = new(StringComparer.Ordinal);

    public async ValueTask<ActivityContext> OfAsync(ActivityExecution execution)
    {
        if (!EngineTracing.HasListeners)
            return default;
        if (execution.Start is { } start)
            return EngineTracing.Context(start);
        var key = execution.Claimed.Activity.Key;
        if (_known.TryGetValue(key.ExecutionId, out var known))
            return known;
        try
        {
            using var patience = new CancellationTokenSource(s_patience, TimeProvider.System);
            var read = EngineTracing.Context(await hub.ReadStartAsync(key.InstanceId, key.ExecutionId, patience.Token));
            if (_known.Count >= MostKept)
                _known.Clear();
            return _known[key.ExecutionId] = read;
        }
        catch (Exception exception) when (isCrash?.Invoke(exception) != true)
        {
            logger.TraceNotRead(exception, execution.Claimed.Activity.Name, key.InstanceId);
            return default;
        }
    }
}
