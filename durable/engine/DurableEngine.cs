using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Durable.Converters;
using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Client;
using SnapshotWorkflows.Durable.Engine.Diagnostics;
using SnapshotWorkflows.Durable.Engine.Dispatch;
using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Replay;
using SnapshotWorkflows.Durable.Engine.Turns;

namespace SnapshotWorkflows.Durable.Engine;

/// <summary>
/// Runs the instances of one task hub. Either <see cref="StartAsync"/> (threads of its own, for programs) or <see cref="PumpAsync(Func{bool}, CancellationToken)"/>
/// (none, deterministic order, for tests); not both.
/// </summary>
public sealed partial class DurableEngine : IAsyncDisposable
{
    /// <summary>A clock that was set forward, or stood still while the machine slept, moves no timer of the platform: it is noticed within this time.</summary>
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(1);

    private readonly EngineInputs _inputs = new();
    private readonly SemaphoreSlim _opening = new(1);
    private readonly CancellationTokenSource _halt = new();
    private readonly ITaskHub _hub;
    private readonly ISharedTaskHub? _shared;
    private readonly DurableEngineOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<DurableEngine> _logger;
    private readonly HubCommitter _committer;
    private readonly Dispatcher _dispatcher;
    private readonly ActivityRunner _runner;
    private readonly ActivityWorkers _workers;
    private readonly EntityRunner _entityRunner;
    private readonly EngineMetrics _metrics;
    private readonly HotInstances _hot;
    private Task? _loop;
    private bool _open;
    private volatile bool _stopping;

    public DurableEngine(
        ITaskHub hub, DurableTaskRegistry registry, IServiceProvider services, TimeProvider time, ILoggerFactory loggers, IOptions<DurableEngineOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(services);
        _hub = hub;
        _shared = hub as ISharedTaskHub;
        _options = options.Value;
        _time = time;
        _logger = loggers.CreateLogger<DurableEngine>();
        Converter = new PayloadConverter(services.GetService<DataConverter>() ?? JsonDataConverter.Default, _options.MaxPayloadBytes);
        var properties = services.GetService<IExceptionPropertiesProvider>();
        _metrics = new EngineMetrics(services.GetService<IMeterFactory>());
        _committer = new HubCommitter(hub, _inputs);
        _hot = new HotInstances(hub, registry, Converter, loggers, _logger, _metrics, _options, new MisdatedTimers(time));
        _shared?.Serve(new RegisteredTasks(registry, _hot));
        _dispatcher = new Dispatcher(
            hub, registry, _hot, _committer, _inputs, Waiters, (claimed, start) => new ActivityExecution(claimed, start, write => WriteAsync(write, CancellationToken.None), Converter, _logger), _options, properties, _metrics, time, _logger);
        _metrics.Observe(() => _dispatcher.Ready, () => _dispatcher.Waiting, () => _dispatcher.Running - _dispatcher.Waiting, () => _hot.Count, () => _dispatcher.OldestReady);
        var scopes = services.GetRequiredService<IServiceScopeFactory>();
        _runner = new ActivityRunner(registry, scopes, Converter, properties, _options.IsCrash, new InstanceTraces(hub, _options.IsCrash, _logger), _metrics, time, _logger);
        _workers = new ActivityWorkers(_options.MaxConcurrentActivities, RunActivityAsync);
        _dispatcher.HandedOut = () => _workers.Queued;
        _entityRunner = new EntityRunner(registry, scopes, Converter, properties, _options, _metrics, time, _logger);
    }

    /// <summary>How often an instance was replayed from its history.</summary>
    public long Replays => _hot.Replays;

    /// <summary>Ends with the engine's own loop; faulted when the loop broke, and nothing of this hub runs any more. Completed while the engine was not started.</summary>
    public Task Completion => _loop ?? Task.CompletedTask;

    internal PayloadConverter Converter { get; }

    internal string? DefaultVersion => _options.DefaultVersion;

    internal InstanceWaiters Waiters { get; } = new();

    internal TimeProvider Time => _time;

    internal int PlannedWakes => _dispatcher.PlannedWakes;

    /// <summary>For instances, executions and requests: 32 hexadecimal digits, never the same twice.</summary>
    internal string NewId() => _options.NewId(_time.GetUtcNow()).ToString("N");

    /// <summary>Opens the hub, takes up the work that a former process left, and runs until <see cref="StopAsync"/>.</summary>
    /// <exception cref="TaskHubInUseException">Another process owns the hub.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        await OpenAsync(cancellation);
        if (_loop is not null)
            return;
        _loop = Task.Run(RunAsync, CancellationToken.None);
        if (_shared is not null)
            _listening = Task.Run(() => Task.WhenAll(ListenAsync(_shared), HeedLeaseAsync(_shared)), CancellationToken.None);
    }

    /// <summary>Takes no new work, cancels the running activities without recording their end, finishes what is being committed.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        if (_loop is null || _stopping)
            return;
        _stopping = true;
        _inputs.Write(Nudge.Instance);
        var timeout = Task.Delay(_options.ShutdownTimeout, TimeProvider.System, cancellation);
        if (await Task.WhenAny(_loop, timeout) != _loop)
        {
            await _halt.CancelAsync();
            _inputs.Write(Nudge.Instance);
        }
        await _deaf.CancelAsync();
        await _listening;
        if (_shared is not null)
            await _shared.LeaveAsync(CancellationToken.None);
        // A loop that broke has said so already, in the log and by Completion.
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _halt.Dispose();
        _deaf.Dispose();
        _metrics.Dispose();
        _committer.Dispose();
        _opening.Dispose();
    }

    /// <summary>Writes with the next transaction; while no thread runs the engine, at once.</summary>
    /// <param name="withdrawn">Whoever asked wants it no more: what is not on its way to the hub by then is left out.</param>
    /// <exception cref="TaskHubUnavailableException">The hub cannot be written now, or the engine has stopped.</exception>
    internal async Task<WriteResult> WriteAsync(HubWrite write, CancellationToken withdrawn)
    {
        await OpenAsync(CancellationToken.None);
        if (_loop is null)
        {
            var results = await _committer.CommitAsync([write], CancellationToken.None);
            return results[0];
        }
        var done = new TaskCompletionSource<WriteResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_loop.IsCompleted)
            throw Stopped();
        _inputs.Write(new WriteRequest(write, done, withdrawn));
        await Task.WhenAny(done.Task, _loop);
        return done.Task.IsCompleted ? await done.Task : throw Stopped();
    }

    private static TaskHubUnavailableException Stopped() => new("The engine of this process has stopped.");

    internal void TakeUp(CommitTurn reopened) => _inputs.Write(new Reopened(reopened));

    internal Rewinder Rewinder(ITaskHub hub) => new(this, hub, _hot);

    internal async ValueTask<ITaskHub> HubAsync(CancellationToken cancellation)
    {
        await OpenAsync(cancellation);
        return _hub;
    }

    private async ValueTask OpenAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _open))
            return;
        await _opening.WaitAsync(cancellation);
        try
        {
            if (_open)
                return;
            await _hub.OpenAsync(cancellation);
            await _dispatcher.RecoverAsync(cancellation);
            Volatile.Write(ref _open, true);
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task RunAsync()
    {
        await using var alarm = _time.CreateTimer(_ => _inputs.Write(Nudge.Instance), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            while (!_halt.IsCancellationRequested)
            {
                if (_stopping && !_dispatcher.Draining)
                    _dispatcher.ShutDownActivities();
                var busy = await _dispatcher.WorkAsync(_halt.Token);
                await _inputs.ReturnAsync();
                ActivityExecution? last = null;
                while (_workers.Queued < _options.MaxBatchSize && _dispatcher.TakeRunnable() is { } execution)
                {
                    if (last is not null)
                        _workers.Add(last);
                    last = execution;
                }
                while (_dispatcher.RunningEntities < _options.MaxConcurrentEntities && _dispatcher.TakeBatch() is { } batch)
                    _ = Task.Run(async () => _inputs.Write(await RunBatchAsync(batch)), CancellationToken.None);
                if (busy || _inputs.HasSome)
                {
                    if (last is not null)
                        _workers.Add(last);
                    continue;
                }
                if (_stopping && !_dispatcher.HasPending && _dispatcher.Running + _dispatcher.RunningEntities == 0)
                    break;
                if (_dispatcher.NextWake() is { } next)
                    alarm.Change(Wait(next - _time.GetUtcNow()), Timeout.InfiniteTimeSpan);
                await _inputs.SleepAsync(last, last is null ? null : _workers.Here(last));
            }
        }
        catch (OperationCanceledException) when (_halt.IsCancellationRequested)
        {
            // The stop has waited long enough; the next start runs the rest again.
        }
        catch (Exception exception)
        {
            _logger.DispatcherStopped(exception);
            _dispatcher.FailRequests(exception);
            throw;
        }
        finally
        {
            await _dispatcher.SettleAsync();
        }
        _dispatcher.FailRequests(Stopped());
    }

    private async Task<EngineInput> RunBatchAsync(EntityBatch batch)
    {
        try
        {
            return new EntityBatchEnded(batch, await _entityRunner.RunAsync(batch));
        }
        catch (Exception exception) when (_options.IsCrash?.Invoke(exception) != true)
        {
            _logger.EntityBatchBroke(exception, batch.InstanceId, _options.HubRetryDelay);
            return new EntityBatchEnded(batch, null, $"{exception.GetType().FullName}: {exception.Message}");
        }
    }

    private async Task RunActivityAsync(ActivityExecution execution) =>
        _inputs.WriteLast(new AttemptEnded(execution, execution.Abandoned || execution.ShuttingDown || !execution.TryBegin() ? null : await _runner.RunAsync(execution)), execution);

    private static TimeSpan Wait(TimeSpan delay) => delay < TimeSpan.Zero ? TimeSpan.Zero : delay > s_longestWait ? s_longestWait : delay;
}
