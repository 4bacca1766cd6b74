namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// How long a step has been failing. Where the policy says so that begins with its first failure: a copy that worked for five hours until its store went away for a minute is tried again. A try that worked for longer than
/// the policy's patience before it failed begins the time anew, eight times at most, so that what breaks off late each time ends too.
/// </summary>
/// <param name="version">Whether the instance is of a version that counts so.</param>
/// <param name="now">Of the step's beginning.</param>
internal sealed class Patience(StepPolicy policy, bool version, DateTime now)
{
    private const int LongTriesMax = 8;

    private readonly DateTime _first = now;
    private DateTime _began = now;
    private DateTime? _since;
    private int _longTries;

    public static Patience Of(TaskOrchestrationContext context, StepPolicy policy) => new(policy, context.IsAtLeast(WorkflowVersions.Proven), context.CurrentUtcDateTime);

    /// <summary>A try begins.</summary>
    public void Begin(DateTime now) => _began = now;

    /// <summary>It failed: for how long has it been so?</summary>
    public TimeSpan Failed(DateTime now)
    {
        if (!policy.FromFailure || !version) return now - _first;
        if (now - _began >= policy.Deadline && _longTries++ < LongTriesMax) _since = now;
        _since ??= now;
        return now - _since.Value;
    }
}
