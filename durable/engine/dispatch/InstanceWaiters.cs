using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <summary>
/// Wakes those who wait for a change of an instance's status, and knows the instances that were seen to live here: whoever waits for the end of one need not ask the hub before.
/// </summary>
internal sealed class InstanceWaiters
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<InstanceWaiter>> _waiting = [];
    private readonly Dictionary<string, OrchestrationRuntimeStatus> _live = new(StringComparer.Ordinal);

    /// <summary>Completes at the next change. Take it before reading the status.</summary>
    public Task NextChange(string instanceId) => Register(instanceId, _ => true).Reached;

    /// <summary>Waits for a status. Register before reading it.</summary>
    public InstanceWaiter Register(string instanceId, Func<OrchestrationRuntimeStatus, bool> reached)
    {
        var waiter = new InstanceWaiter(this, instanceId, reached);
        lock (_gate)
        {
            if (!_waiting.TryGetValue(instanceId, out var waiters))
                _waiting[instanceId] = waiters = [];
            waiters.Add(waiter);
        }
        return waiter;
    }

    /// <returns>The status that this process has committed last; null when the instance has ended, or nothing is known of it.</returns>
    public OrchestrationRuntimeStatus? Known(string instanceId)
    {
        lock (_gate)
            return _live.TryGetValue(instanceId, out var status) ? status : null;
    }

    /// <param name="record">Null when only the hub knows it.</param>
    public void Changed(string instanceId, OrchestrationRuntimeStatus status, InstanceRecord? record = null)
    {
        List<InstanceWaiter>? told = null;
        lock (_gate)
        {
            if (Dispatcher.IsEnd(status))
                _live.Remove(instanceId);
            else
                _live[instanceId] = status;
            if (!_waiting.TryGetValue(instanceId, out var waiters))
                return;
            told = waiters.FindAll(waiter => waiter.Wants(status));
            waiters.RemoveAll(told.Contains);
            if (waiters.Count == 0)
                _waiting.Remove(instanceId);
        }
        foreach (var waiter in told)
            waiter.Tell(record);
    }

    /// <summary>It is no longer in memory, and another process may move it on.</summary>
    public void Forget(string instanceId)
    {
        lock (_gate)
            _live.Remove(instanceId);
    }

    public void ForgetAll()
    {
        lock (_gate)
            _live.Clear();
    }

    internal void Remove(InstanceWaiter waiter)
    {
        lock (_gate)
        {
            if (_waiting.TryGetValue(waiter.InstanceId, out var waiters) && waiters.Remove(waiter) && waiters.Count == 0)
                _waiting.Remove(waiter.InstanceId);
        }
    }
}

/// <summary>One who waits until an instance has a status that he wants.</summary>
internal sealed class InstanceWaiter(InstanceWaiters waiters, string instanceId, Func<OrchestrationRuntimeStatus, bool> reached) : IDisposable
{
    private readonly TaskCompletionSource<InstanceRecord?> _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string InstanceId => instanceId;

    /// <summary>What the instance was at that moment; null when only the hub knows.</summary>
    public Task<InstanceRecord?> Reached => _reached.Task;

    public bool Wants(OrchestrationRuntimeStatus status) => reached(status);

    public void Tell(InstanceRecord? record) => _reached.TrySetResult(record);

    public void Dispose() => waiters.Remove(this);
}
