using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.TaskHubs.Postgres;

/// <summary>
/// The hub of any number of processes. One connection commits, one holds the node's place among the others and listens, a pool reads. Ownership saves work; what
/// keeps two nodes apart are the conditions in each commit.
/// </summary>
public sealed partial class PostgresTaskHub : ISharedTaskHub
{
    private readonly HubConnections _connections;
    private readonly PostgresHubOptions _options;
    private readonly OwnedInstances _owned = new();
    private readonly SemaphoreSlim _gate = new(1);
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly NodeSession _session;
    private INodeTasks _tasks = EveryTask.Instance;
    private HubWriter? _writer;

    /// <exception cref="TaskHubUnavailableException">The connection string is none.</exception>
    public PostgresTaskHub(PostgresHubOptions options, TimeProvider time, ILogger<PostgresTaskHub>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time;
        _logger = logger ?? NullLogger<PostgresTaskHub>.Instance;
        _connections = new HubConnections(options);
        _session = new NodeSession(_connections, options, _logger);
    }

    /// <summary>This process among the nodes; another one after it was taken for dead. 0 before the hub is open.</summary>
    public int Node => _session.Node;

    public void Serve(INodeTasks tasks) => _tasks = tasks;

    public async ValueTask OpenAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            if (_writer is not null)
                return;
            using var driver = new DriverCancellation(cancellation);
            await using (var connection = await _connections.OpenAsync(driver.Token))
                await HubSchema.MigrateAsync(connection, _connections.Schema, _options.SchemaVersion ?? HubSchema.Newest, driver.Token);
            await _session.JoinAsync(driver.Token);
            _writer = new HubWriter(_connections, _session, _options, _owned, _logger);
        }
        catch (Exception exception) when (HubConnections.IsLost(exception) || exception is PostgresException)
        {
            throw _connections.Unavailable(exception);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask<IReadOnlyList<WriteResult>> CommitAsync(IReadOnlyList<HubWrite> writes, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(writes);
        await _gate.WaitAsync(cancellation);
        try
        {
            var writer = _writer ?? throw new InvalidOperationException("The task hub is not open.");
            return await writer.CommitAsync(writes, _tasks, _time.GetUtcNow(), cancellation);
        }
        finally
        {
            _gate.Release();
        }
    }

    public ValueTask<InstanceSnapshot?> LoadAsync(string instanceId, CancellationToken cancellation) =>
        ReadingAsync(reader => reader.LoadAsync(instanceId, _session.Node, _tasks, _owned), cancellation);

    public ValueTask<InstanceSnapshot?> LoadEndedAsync(string instanceId, CancellationToken cancellation) => ReadingAsync(reader => reader.LoadEndedAsync(instanceId), cancellation);

    public async ValueTask<PendingWork> ReadPendingWorkAsync(CancellationToken cancellation)
    {
        await AgainAsync(driver => _session.ClaimFirstAsync(_tasks, driver), cancellation);
        var work = await ReadingAsync(reader => reader.PendingWorkAsync(_session.Node, _tasks, _time.GetUtcNow()), cancellation);
        return work with { Suspects = await AgainAsync(_session.SuspectsAsync, cancellation) };
    }

    public ValueTask<IReadOnlyList<InboxMessage>> ReadTimersAsync(IReadOnlyCollection<string>? instanceIds, DateTimeOffset after, CancellationToken cancellation) =>
        ReadingAsync(reader => reader.TimersAsync(_session.Node, instanceIds, after), cancellation);

    public ValueTask<InstanceRecord?> ReadInstanceAsync(string instanceId, bool withData, CancellationToken cancellation) =>
        ReadingAsync(reader => reader.InstanceAsync(instanceId, withData), cancellation);

    public ValueTask<Page<InstanceRecord>> QueryAsync(OrchestrationQuery query, CancellationToken cancellation) => ReadingAsync(reader => reader.QueryAsync(query), cancellation);

    public ValueTask<Page<string>> ListEndedAsync(EndedFilter filter, CancellationToken cancellation) => ReadingAsync(reader => reader.EndedAsync(filter), cancellation);

    public ValueTask<EntityRecord?> ReadEntityAsync(string instanceId, bool withState, CancellationToken cancellation) =>
        ReadingAsync(reader => reader.EntityAsync(instanceId, withState), cancellation);

    public ValueTask<Page<EntityRecord>> QueryEntitiesAsync(EntityQuery query, CancellationToken cancellation) => ReadingAsync(reader => reader.EntitiesAsync(query), cancellation);

    public ValueTask<ExecutionStartedEvent?> ReadStartAsync(string instanceId, string executionId, CancellationToken cancellation) =>
        ReadingAsync(reader => reader.StartAsync(instanceId, executionId), cancellation);

    public ValueTask<IReadOnlyList<HistoryEvent>?> ReadHistoryAsync(string instanceId, CancellationToken cancellation) =>
        ReadingAsync(reader => reader.HistoryAsync(instanceId), cancellation);

    public ValueTask<string?> ReadProgressAsync(string instanceId, CancellationToken cancellation) => ReadingAsync(reader => reader.ProgressAsync(instanceId), cancellation);

    public TimeSpan LeaseLeft => _session.LeaseLeft;

    public async ValueTask<HubNews> NextNewsAsync(CancellationToken cancellation)
    {
        if (_writer is { IsUnsettled: true } writer)
        {
            await _gate.WaitAsync(cancellation);
            try
            {
                await writer.SettleAsync(new Patience(_options.Patience), cancellation);
            }
            finally
            {
                _gate.Release();
            }
        }
        var news = await _session.NextAsync(_tasks, _time.GetUtcNow(), cancellation);
        if (news.Rejoined)
            _owned.Clear();
        return news;
    }

    public async ValueTask LeaveAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            using var driver = new DriverCancellation(cancellation);
            await _session.LeaveAsync(driver.Token);
            _owned.Clear();
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_writer is not null)
        {
            await LeaveAsync(CancellationToken.None);
            _writer.Dispose();
            _writer = null;
        }
        await _session.DisposeAsync();
        await _connections.DisposeAsync();
        _gate.Dispose();
    }

    /// <summary>One read transaction, so that an instance, its history and its inbox are of one moment.</summary>
    private ValueTask<T> ReadingAsync<T>(Func<HubReader, ValueTask<T>> read, CancellationToken cancellation)
    {
        if (_session.Node == 0)
            throw new InvalidOperationException("The task hub is not open.");
        return AgainAsync(
            async driver =>
            {
                await using var connection = await _connections.OpenAsync(driver);
                return await read(new HubReader(connection, driver));
            },
            cancellation);
    }

    /// <summary>What may be done twice is tried again while the server is away.</summary>
    private async ValueTask<T> AgainAsync<T>(Func<CancellationToken, ValueTask<T>> ask, CancellationToken cancellation)
    {
        using var driver = new DriverCancellation(cancellation);
        var patience = new Patience(_options.Patience);
        while (true)
        {
            try
            {
                return await ask(driver.Token);
            }
            catch (Exception exception) when (HubConnections.IsLost(exception))
            {
                if (!await patience.WaitAsync(cancellation))
                    throw _connections.Unavailable(exception);
            }
        }
    }

    private sealed class EveryTask : INodeTasks
    {
        public static EveryTask Instance { get; } = new();

        public bool HasOrchestrator(string name, string? version) => true;

        public bool HasActivity(string name, string? version) => true;

        public bool HasEntity(string name) => true;
    }
}
