using Microsoft.Extensions.Logging;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Durable.History;

namespace SnapshotWorkflows.Durable.Engine.Activities;

/// <summary>One attempt of one call while it runs.</summary>
internal sealed class ActivityExecution(ClaimedActivity claimed, ExecutionStartedEvent? start, Func<HubWrite, Task<WriteResult>> write, DataConverter converter, ILogger logger) : IActivityExecution, IDisposable
{
    private const int Waits = 0;
    private const int Begun = 1;
    private const int Released = 2;

    private readonly CancellationTokenSource _source = new();
    private readonly CancellationTokenSource _stop = new();
    private int _fate;

    public ClaimedActivity Claimed => claimed;

    /// <summary>How the instance began; null where it was not in memory when the call was taken.</summary>
    public ExecutionStartedEvent? Start => start;

    public CancellationToken CancellationToken => _source.Token;

    public CancellationToken StopToken => _stop.Token;

    public int Attempt => claimed.Attempt;

    /// <summary>After the commit that made the call this process's: a timestamp of <see cref="TimeProvider.System"/>.</summary>
    public long TakenAt { get; set; }

    public string InstanceId => claimed.Activity.Key.InstanceId;

    public int TaskId => claimed.Activity.Key.TaskId;

    public DateTimeOffset ClaimedAt { get; set; }

    /// <summary>By a limit of its activity: elsewhere it would wait as well.</summary>
    public bool IsHeldBack { get; set; }

    /// <summary>Before the activity's code runs.</summary>
    /// <returns>False when the attempt was given back.</returns>
    public bool TryBegin() => Interlocked.CompareExchange(ref _fate, Begun, Waits) == Waits;

    public bool HasBegun => Volatile.Read(ref _fate) == Begun;

    /// <summary>Gives the attempt back to whoever has a free place.</summary>
    /// <returns>False when it has begun, or is not wanted any more.</returns>
    public bool TryRelease()
    {
        if (Abandoned || ShuttingDown || Interlocked.CompareExchange(ref _fate, Released, Waits) != Waits)
            return false;
        Abandoned = true;
        return true;
    }

    /// <summary>The end of this attempt is of no interest: shutdown, lost claim, ended instance.</summary>
    public bool Abandoned { get; private set; }

    /// <summary>The process stops: a failure from now on is the stop's doing, and the call runs again.</summary>
    public bool ShuttingDown { get; private set; }

    /// <summary>Others may have taken the call over: a failure from now on is this node's doing, and the call runs again, wherever that is.</summary>
    public bool Interrupted { get; private set; }

    /// <summary>Its failure is not the activity's own.</summary>
    public bool IsUnwanted => Abandoned || ShuttingDown || Interrupted;

    public void RequestCancel() => CancelOffThread(_source);

    public void Abandon()
    {
        Abandoned = true;
        Stop();
    }

    public void Interrupt()
    {
        Interrupted = true;
        Stop();
    }

    public void ShutDown()
    {
        ShuttingDown = true;
        Stop();
    }

    /// <summary>For people to see: a hub that is away does not end hours of work. Where the end is written, it matters.</summary>
    public async ValueTask ReportProgressAsync(object progress)
    {
        ArgumentNullException.ThrowIfNull(progress);
        WriteResult result;
        try
        {
            result = await write(new StoreProgress(claimed.Activity.Key, claimed.Attempt, converter.Serialize(progress)));
        }
        catch (TaskHubUnavailableException exception)
        {
            logger.ProgressNotKept(exception, claimed.Activity.Name, InstanceId);
            return;
        }
        if (result.Outcome != WriteOutcome.Done)
            Abandon();
    }

    public void Dispose()
    {
        _source.Dispose();
        _stop.Dispose();
    }

    private void Stop()
    {
        CancelOffThread(_source);
        CancelOffThread(_stop);
    }

    /// <summary>Callbacks of the activity must not run on the dispatcher.</summary>
    private static void CancelOffThread(CancellationTokenSource source)
    {
        try
        {
            _ = source.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The activity has returned in the meantime.
        }
    }
}

/// <summary>Hands the execution to the activity's constructor within its scope.</summary>
internal sealed class ActivityExecutionHolder
{
    public IActivityExecution? Current { get; set; }
}
