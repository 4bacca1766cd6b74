namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>A call that takes time. Runs under the pool's lock, a step at a time.</summary>
internal abstract class PoolJob(Pool pool, TaskRow task)
{
    private readonly TaskCompletionSource<object?> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What a caller that did not ask for a task waits for.</summary>
    public Task<object?> Completion => _completion.Task;

    protected Pool Pool { get; } = pool;

    protected TaskRow Task { get; } = task;

    /// <summary>Works up to the clock's present; true when the job has ended, well or not.</summary>
    public abstract bool Advance();

    /// <summary>The pool restarts: the work stops where it is.</summary>
    public void Abandon()
    {
        Release();
        _completion.SetException(new ToolstackGone());
    }

    /// <summary>Lets go of what the job holds.</summary>
    protected abstract void Release();

    protected void Succeed(object? value)
    {
        Pool.Succeed(Task, value);
        _completion.SetResult(value);
    }

    protected void Fail(Exception cause)
    {
        var error = cause as XenError ?? new XenError("VDI_IO_ERROR", "Device I/O errors");
        Pool.Fail(Task, error);
        _completion.SetException(error);
    }
}
