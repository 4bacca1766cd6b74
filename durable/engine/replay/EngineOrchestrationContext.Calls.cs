using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Execution;

namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <content>Calls of activities and children, with their retries.</content>
internal sealed partial class EngineOrchestrationContext
{
    private const string FireAndForgetTag = "FireAndForget";

    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
    {
        Check();
        Guard(name, input, options);
        var tags = Copy(options?.Tags);
        string? cancelOnEvent = null;
        tags?.TryGetValue(ActivityTags.CancelOnEvent, out cancelOnEvent);
        var data = executor.Converter.Serialize(input);
        var version = options?.Version is { } own ? own.Version : start.Version;
        Task<TResult> Once()
        {
            var id = executor.NextId++;
            var promise = new Promise<TResult>(executor.Converter);
            executor.Add(new CallActivity(id, name.Name, version, data, tags));
            executor.Open(id, promise, name.Name, cancelOnEvent);
            return promise.Task;
        }
        return options?.Retry is null ? Once() : RetryAsync(Once, options.Retry, cancelOnEvent);
    }

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null)
    {
        Check();
        Guard(orchestratorName, input, options);
        var tags = Copy(options?.Tags);
        var data = executor.Converter.Serialize(input);
        var version = options?.Version is { } own ? own.Version : executor.Settings.DefaultVersion;
        var given = (options as SubOrchestrationOptions)?.InstanceId;
        if (given is not null && EntityIds.IsEntity(given))
            throw new ArgumentException($"'{given}' is an entity id; a child needs another.", nameof(options));
        StorableText.Demand(given, "child's id");
        _entities?.DemandNoSection("call a child orchestration");
        Task<TResult> Once()
        {
            var instanceId = given ?? NewGuid().ToString("N");
            var id = executor.NextId++;
            var forget = tags?.ContainsKey(FireAndForgetTag) == true;
            var promise = new Promise<TResult>(executor.Converter);
            executor.Add(new StartChild(id, orchestratorName.Name, version, instanceId, data, tags, forget));
            if (forget)
                promise.Resolve(null);
            else
                executor.Open(id, promise, orchestratorName.Name);
            return promise.Task;
        }
        return options?.Retry is null ? Once() : RetryAsync(Once, options.Retry, null);
    }

    private async Task<T> RetryAsync<T>(Func<Task<T>> once, TaskRetryOptions retry, string? cancelOnEvent)
    {
        var began = CurrentUtcDateTime;
        using var scope = cancelOnEvent is null ? null : new CallScope(cancelOnEvent);
        if (scope is not null)
            executor.Scopes.Add(scope);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await once();
                }
                catch (TaskFailedException failure) when (scope?.IsCancelled != true)
                {
                    if (!await MayRetryAsync(retry, failure, attempt, began, scope))
                        throw;
                }
            }
        }
        finally
        {
            if (scope is not null)
                executor.Scopes.Remove(scope);
        }
    }

    private async Task<bool> MayRetryAsync(TaskRetryOptions retry, TaskFailedException failure, int attempt, DateTime began, CallScope? scope)
    {
        var elapsed = CurrentUtcDateTime - began;
        if (retry.Handler is { } handler)
            return await handler(new RetryContext(this, attempt, failure.FailureDetails, elapsed, scope?.Token ?? CancellationToken.None));
        var policy = retry.Policy!;
        if (attempt >= policy.MaxNumberOfAttempts || (policy.RetryTimeout != Timeout.InfiniteTimeSpan && elapsed >= policy.RetryTimeout))
            return false;
        if (policy.HandleFailure?.Invoke(failure.FailureDetails) == false || policy.Handle?.Invoke(failure) == false)
            return false;
        if (policy.HandleAsync is { } handle && !await handle(failure))
            return false;
        try
        {
            await CreateTimer(Delay(policy, attempt), scope?.Token ?? CancellationToken.None);
        }
        catch (OperationCanceledException) when (scope?.IsCancelled == true)
        {
            throw new TaskFailedException(failure.TaskName, failure.TaskId, CancelledCall.Details(scope.EventName), failure);
        }
        return true;
    }

    private static TimeSpan Delay(RetryPolicy policy, int attempt)
    {
        var ticks = policy.FirstRetryInterval.Ticks * Math.Pow(policy.BackoffCoefficient, attempt - 1);
        var longest = policy.MaxRetryInterval == Timeout.InfiniteTimeSpan ? TimeSpan.FromDays(3650) : policy.MaxRetryInterval;
        return ticks >= longest.Ticks ? longest : TimeSpan.FromTicks((long)ticks);
    }

    private static void Guard(TaskName name, object? input, TaskOptions? options)
    {
        if (string.IsNullOrEmpty(name.Name))
            throw new ArgumentException("A task needs a name.", nameof(name));
        StorableText.Demand(name.Name, "name");
        StorableText.Demand(options?.Version?.Version, "version");
        if (input is TaskOptions && options is null)
            throw new ArgumentException("TaskOptions were passed as the input; name the argument: options: ...", nameof(input));
    }

    private static Dictionary<string, string>? Copy(IDictionary<string, string>? tags) => tags is null or { Count: 0 } ? null : new(tags, StringComparer.Ordinal);
}
