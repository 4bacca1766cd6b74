namespace SnapshotWorkflows.Durable.Execution;

/// <summary>The running execution of an activity; inject it into the activity's constructor (one per execution).</summary>
public interface IActivityExecution
{
    /// <summary>Cancelled by the event named in <see cref="ActivityTags.CancelOnEvent"/>, by terminate, by loss of the claim and by shutdown.</summary>
    CancellationToken CancellationToken { get; }

    /// <summary>
    /// As <see cref="CancellationToken"/>, but not cancelled by an event: for a call that is not the same when made twice, whose outcome must not stay unknown because a person changed his mind. A deadline of
    /// the call's own must bound it.
    /// </summary>
    CancellationToken StopToken => CancellationToken;

    /// <summary>Counted from 1; over 1 after a crash or a lost claim. Retries by policy are calls of their own, each starting at 1.</summary>
    int Attempt { get; }

    string InstanceId { get; }

    int TaskId { get; }

    /// <summary>Keeps the latest progress outside history. Ignored once another attempt owns the task.</summary>
    ValueTask ReportProgressAsync(object progress);
}
