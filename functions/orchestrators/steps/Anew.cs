namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// How often a thing is thrown away and made anew whose outcome is unknown: three tries in any case, since one copy may take hours; more of them for
/// half an hour, for a host that restarts again and again comes to rest.
/// </summary>
internal sealed class Anew(TaskOrchestrationContext context, Cancellation cancellation)
{
    private const int AtOnce = 2;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(30);

    private DateTime? _firstFailure;
    private int _failures;

    /// <summary>Asked at each failure: whether another try is worth it.</summary>
    public bool IsWorth()
    {
        _failures++;
        _firstFailure ??= context.CurrentUtcDateTime;
        return _failures <= AtOnce || context.CurrentUtcDateTime - _firstFailure.Value < s_patience;
    }

    /// <summary>Before the next try: nothing after the first failures, then from half a second to 5 s: a try costs the appliances little beside what it makes.</summary>
    public Task WaitAsync()
    {
        if (_failures <= AtOnce) return Task.CompletedTask;
        var doubled = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(_failures - AtOnce - 2, 16)));
        return cancellation.WaitAsync(doubled < s_longest ? doubled : s_longest);
    }
}
