namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>One call of the app's to an appliance that is waited for: its answer held back once its effect is done, or its request dropped before.</summary>
internal sealed class ArmedCall(SimulatorControl control)
{
    private const int StallSeconds = 300;

    private int _fault;
    private int _callsBefore;
    private (string System, string Method) _target;
    private bool _afterEffect;

    /// <summary>What is waited for, in words.</summary>
    public string Moment { get; private set; } = "";

    /// <param name="occurrence">Which of the calls from now on, 1-based.</param>
    /// <param name="pool">Of a call to XenServer: the pool that it goes to.</param>
    public async Task ArmAsync((string System, string Method) target, bool afterEffect, CancellationToken cancellation, int occurrence = 1, string pool = "backup")
    {
        (_target, _afterEffect) = (target, afterEffect);
        _callsBefore = await CallsAsync(cancellation);
        var fault = new PlannedFault(target.System, target.Method, afterEffect ? "stall" : "dropRequest")
        {
            Pool = target.System == "xenserver" ? pool : null,
            Occurrence = occurrence,
            Seconds = StallSeconds,
        };
        _fault = await control.PlanAsync(fault, cancellation);
        Moment = $"{target.System} {target.Method}, {(afterEffect ? "its effect done and not yet committed" : "its request dropped before any effect")}";
    }

    /// <summary>A dropped request has fired when it came in; a stall shows while its answer waits, and the effect is done once the call is counted as executed.</summary>
    public async Task<bool> IsThereAsync(CancellationToken cancellation)
    {
        var faults = await control.FaultsAsync(cancellation);
        return faults.Single(fault => fault.Id == _fault).Fired && !(_afterEffect && await CallsAsync(cancellation) == _callsBefore);
    }

    private async Task<int> CallsAsync(CancellationToken cancellation)
    {
        var calls = (await control.InventoryAsync(cancellation)).Calls;
        return calls.GetValueOrDefault($"{_target.System}.{_target.Method}") + calls.GetValueOrDefault($"{_target.System}.Async.{_target.Method}");
    }
}
