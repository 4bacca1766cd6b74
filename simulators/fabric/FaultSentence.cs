namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>The second half of a planned fault's sentence; each method plans it and returns its id.</summary>
public sealed class FaultSentence(FaultPlan plan, FaultSpecification start)
{
    public int DropRequest() => plan.Add(start with { Action = FaultAction.DropRequest });

    public int DropAnswer() => plan.Add(start with { Action = FaultAction.DropAnswer });

    public int Fail(string errorName, params string[] errorParams) =>
        plan.Add(start with { Action = FaultAction.Fail, ErrorName = errorName, ErrorParams = errorParams });

    public int Stall(TimeSpan duration) => plan.Add(start with { Action = FaultAction.Stall, Duration = duration });

    public int Truncate(long bytes) => plan.Add(start with { Action = FaultAction.Truncate, Bytes = bytes });

    public int ZeroExtent(long offset, long length) =>
        plan.Add(start with { Action = FaultAction.ZeroExtent, Offset = offset, Length = length });

    public int Corrupt(long offset, long length = 1) => plan.Add(start with { Action = FaultAction.Corrupt, Offset = offset, Length = length });

    public int Excess(long bytes) => plan.Add(start with { Action = FaultAction.Excess, Bytes = bytes });

    public int Duplicate() => plan.Add(start with { Action = FaultAction.Duplicate });

    public int Restart(TimeSpan away = default) => plan.Add(start with { Action = FaultAction.Restart, Duration = away });

    public int HttpStatus(int status) => plan.Add(start with { Action = FaultAction.HttpStatus, Status = status });
}
