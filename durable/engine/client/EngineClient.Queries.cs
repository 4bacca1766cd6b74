using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Client;

/// <content>Reading, waiting and purging.</content>
internal sealed partial class EngineClient
{
    private const int PurgeBatch = 100;
    private static readonly TimeSpan s_firstPoll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_lastPoll = TimeSpan.FromMilliseconds(500);

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, getInputsAndOutputs, status => status != OrchestrationRuntimeStatus.Pending, cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, getInputsAndOutputs, status => !InstanceIds.Live.Contains(status), cancellation);

    public override async Task<OrchestrationMetadata?> GetInstancesAsync(string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var hub = await engine.HubAsync(cancellation);
        return await hub.ReadInstanceAsync(instanceId, getInputsAndOutputs, cancellation) is { } record
            ? Metadata.Of(record, getInputsAndOutputs ? engine.Converter : null)
            : null;
    }

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null)
    {
        var query = filter ?? new OrchestrationQuery();
        return Pageable.Create(async (token, size, cancellation) =>
        {
            var hub = await engine.HubAsync(cancellation);
            var page = await hub.QueryAsync(query with { ContinuationToken = token ?? query.ContinuationToken, PageSize = size ?? query.PageSize }, cancellation);
            return new Page<OrchestrationMetadata>([.. page.Values.Select(record => Metadata.Of(record, query.FetchInputsAndOutputs ? engine.Converter : null))], page.ContinuationToken);
        });
    }

    public override async Task<PurgeResult> PurgeInstanceAsync(string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        var result = await engine.WriteAsync(new PurgeInstance(instanceId, options?.Recursive ?? false), cancellation);
        return result.Outcome == WriteOutcome.Refused ? throw WrongStatus(instanceId, "purge", result.Status!.Value) : new PurgeResult(result.Count);
    }

    public override async Task<PurgeResult> PurgeAllInstancesAsync(PurgeInstancesFilter filter, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var began = engine.Time.GetTimestamp();
        var hub = await engine.HubAsync(cancellation);
        var statuses = (filter.Statuses ?? []).ToHashSet();
        var purged = 0;
        string? token = null;
        do
        {
            var page = await hub.QueryAsync(new OrchestrationQuery(filter.CreatedFrom, filter.CreatedTo, statuses, PageSize: PurgeBatch, ContinuationToken: token), cancellation);
            foreach (var record in page.Values.Where(record => !InstanceIds.Live.Contains(record.Status)))
                purged += (await engine.WriteAsync(new PurgeInstance(record.InstanceId, options?.Recursive ?? false), cancellation)).Count;
            token = page.ContinuationToken;
            if (token is not null && filter.Timeout is { } limit && engine.Time.GetElapsedTime(began) >= limit)
                return new PurgeResult(purged, isComplete: false);
        }
        while (token is not null);
        return new PurgeResult(purged);
    }

    public override async Task<IList<HistoryEvent>> GetOrchestrationHistoryAsync(string instanceId, CancellationToken cancellation = default)
    {
        var hub = await engine.HubAsync(cancellation);
        return [.. await hub.ReadHistoryAsync(instanceId, cancellation) ?? throw NotFound(instanceId)];
    }

    private async Task<OrchestrationMetadata> WaitAsync(string instanceId, bool withData, Func<OrchestrationRuntimeStatus, bool> reached, CancellationToken cancellation)
    {
        var pause = s_firstPoll;
        var ask = false;
        while (true)
        {
            using var waiter = engine.Waiters.Register(instanceId, reached);
            // What this process has just committed need not be asked for.
            var livesHere = !ask && engine.Waiters.Known(instanceId) is { } known && !reached(known);
            if (!livesHere)
            {
                var metadata = await GetInstancesAsync(instanceId, withData, cancellation) ?? throw NotFound(instanceId);
                if (reached(metadata.RuntimeStatus))
                    return metadata;
            }
            if (!engine.IsShared)
            {
                if (await waiter.Reached.WaitAsync(cancellation) is { } told)
                    return Metadata.Of(told, withData, engine.Converter);
                continue;
            }
            // It may live on another node, whose changes wake nobody here, or go there: look again, less and less often.
            if (livesHere)
                pause = s_lastPoll;
            try
            {
                if (await waiter.Reached.WaitAsync(pause, engine.Time, cancellation) is { } told)
                    return Metadata.Of(told, withData, engine.Converter);
                ask = false;
            }
            catch (TimeoutException)
            {
                ask = true;
                pause = pause < s_lastPoll ? pause * 1.5 : pause;
            }
        }
    }
}
