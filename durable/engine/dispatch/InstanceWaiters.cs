namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <summary>Wakes those who wait for a change of an instance's status.</summary>
internal sealed class InstanceWaiters
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TaskCompletionSource> _waiting = [];

    /// <summary>Completes at the next change. Take it before reading the status.</summary>
    public Task NextChange(string instanceId)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(instanceId, out var source))
                _waiting[instanceId] = source = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return source.Task;
        }
    }

    public void Changed(string instanceId)
    {
        TaskCompletionSource? source;
        lock (_gate)
        {
            if (!_waiting.Remove(instanceId, out source))
                return;
        }
        source.SetResult();
    }
}
