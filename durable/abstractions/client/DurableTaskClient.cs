using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Client;

/// <summary>Starts, steers and queries instances. Safe to use from many threads.</summary>
public abstract class DurableTaskClient(string name) : IAsyncDisposable
{
    public string Name { get; } = name;

    public virtual DurableEntityClient Entities => throw new NotSupportedException($"{GetType()} knows no entities.");

    /// <returns>The id of the instance, once its start is committed.</returns>
    /// <exception cref="OrchestrationAlreadyExistsException">The id is taken, see <see cref="StartOrchestrationOptions.DedupeStatuses"/>.</exception>
    public abstract Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default);

    public virtual Task<string> ScheduleNewOrchestrationInstanceAsync(TaskName orchestratorName, CancellationToken cancellation) =>
        ScheduleNewOrchestrationInstanceAsync(orchestratorName, null, null, cancellation);

    public virtual Task<string> ScheduleNewOrchestrationInstanceAsync(TaskName orchestratorName, object? input, CancellationToken cancellation) =>
        ScheduleNewOrchestrationInstanceAsync(orchestratorName, input, null, cancellation);

    public virtual Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, StartOrchestrationOptions options, CancellationToken cancellation = default) =>
        ScheduleNewOrchestrationInstanceAsync(orchestratorName, null, options, cancellation);

    /// <summary>Sends an event. An ended instance drops it.</summary>
    /// <exception cref="ArgumentException">No such instance.</exception>
    public abstract Task RaiseEventAsync(string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default);

    public virtual Task RaiseEventAsync(string instanceId, string eventName, CancellationToken cancellation) =>
        RaiseEventAsync(instanceId, eventName, null, cancellation);

    /// <summary>Waits until the instance is no longer Pending.</summary>
    public abstract Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default);

    public virtual Task<OrchestrationMetadata> WaitForInstanceStartAsync(string instanceId, CancellationToken cancellation) =>
        WaitForInstanceStartAsync(instanceId, false, cancellation);

    /// <summary>Waits until the instance has ended.</summary>
    public abstract Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default);

    public virtual Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(string instanceId, CancellationToken cancellation) =>
        WaitForInstanceCompletionAsync(instanceId, false, cancellation);

    /// <summary>Ends the instance as Terminated; its running activities are cancelled.</summary>
    /// <exception cref="ArgumentException">No such instance.</exception>
    /// <exception cref="InvalidOperationException">The instance has ended already.</exception>
    public abstract Task TerminateInstanceAsync(string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default);

    public virtual Task TerminateInstanceAsync(string instanceId, CancellationToken cancellation) =>
        TerminateInstanceAsync(instanceId, (TerminateInstanceOptions?)null, cancellation);

    /// <summary>Children end too, as without an output.</summary>
    public virtual Task TerminateInstanceAsync(string instanceId, object? output, CancellationToken cancellation = default) =>
        TerminateInstanceAsync(instanceId, output is null ? null : new TerminateInstanceOptions(output, Recursive: true), cancellation);

    /// <summary>Holds the instance: events are kept, timers fire after the resume.</summary>
    /// <exception cref="ArgumentException">No such instance.</exception>
    /// <exception cref="InvalidOperationException">The instance has ended or is suspended already.</exception>
    public abstract Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default);

    public virtual Task SuspendInstanceAsync(string instanceId, CancellationToken cancellation) => SuspendInstanceAsync(instanceId, null, cancellation);

    /// <exception cref="ArgumentException">No such instance.</exception>
    /// <exception cref="InvalidOperationException">The instance is not suspended.</exception>
    public abstract Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default);

    public virtual Task ResumeInstanceAsync(string instanceId, CancellationToken cancellation) => ResumeInstanceAsync(instanceId, null, cancellation);

    public virtual Task<OrchestrationMetadata?> GetInstanceAsync(string instanceId, CancellationToken cancellation) =>
        GetInstanceAsync(instanceId, false, cancellation);

    public virtual Task<OrchestrationMetadata?> GetInstanceAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        GetInstancesAsync(instanceId, getInputsAndOutputs, cancellation);

    public virtual Task<OrchestrationMetadata?> GetInstancesAsync(string instanceId, CancellationToken cancellation) =>
        GetInstancesAsync(instanceId, false, cancellation);

    /// <returns>Null if there is no such instance.</returns>
    public abstract Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default);

    public abstract AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null);

    public virtual Task<PurgeResult> PurgeInstanceAsync(string instanceId, CancellationToken cancellation) => PurgeInstanceAsync(instanceId, null, cancellation);

    /// <summary>Removes an ended instance with everything that belongs to it; a missing one counts zero.</summary>
    /// <exception cref="InvalidOperationException">The instance has not ended.</exception>
    public abstract Task<PurgeResult> PurgeInstanceAsync(string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default);

    public virtual Task<PurgeResult> PurgeAllInstancesAsync(PurgeInstancesFilter filter, CancellationToken cancellation) =>
        PurgeAllInstancesAsync(filter, null, cancellation);

    public abstract Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter, PurgeInstanceOptions? options = null, CancellationToken cancellation = default);

    /// <summary>The history of the current execution, oldest first.</summary>
    /// <exception cref="ArgumentException">No such instance.</exception>
    public abstract Task<IList<HistoryEvent>> GetOrchestrationHistoryAsync(string instanceId, CancellationToken cancellation = default);

    /// <summary>Starts an instance again, with its name and input: under its own id once it has ended, or under a new one at any time.</summary>
    /// <returns>The id of the started instance.</returns>
    /// <exception cref="ArgumentException">No such instance.</exception>
    /// <exception cref="InvalidOperationException">It is to keep its id and has not ended.</exception>
    public virtual Task<string> RestartAsync(string instanceId, bool restartWithNewInstanceId = false, CancellationToken cancellation = default) =>
        throw new NotSupportedException($"{GetType()} cannot restart instances.");

    /// <summary>Lets a failed instance go on from where it failed: failed activities, children and entity calls are done again, what succeeded is kept.</summary>
    /// <exception cref="ArgumentException">No such instance.</exception>
    /// <exception cref="InvalidOperationException">It is not Failed.</exception>
    public virtual Task RewindInstanceAsync(string instanceId, string reason, CancellationToken cancellation = default) =>
        throw new NotSupportedException($"{GetType()} cannot rewind instances.");

    /// <summary>Ids of ended instances by the time of their end, oldest first.</summary>
    /// <param name="lastInstanceKey">The continuation token of the page before.</param>
    public virtual Task<Page<string>> ListInstanceIdsAsync(
        IEnumerable<OrchestrationRuntimeStatus>? runtimeStatus = null, DateTimeOffset? completedTimeFrom = null, DateTimeOffset? completedTimeTo = null,
        int pageSize = OrchestrationQuery.DefaultPageSize, string? lastInstanceKey = null, CancellationToken cancellation = default) =>
        throw new NotSupportedException($"{GetType()} cannot list instances by the time of their end.");

    public abstract ValueTask DisposeAsync();
}
