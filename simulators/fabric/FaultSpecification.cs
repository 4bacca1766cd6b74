namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>What goes wrong at a planned call.</summary>
public enum FaultAction
{
    /// <summary>The connection breaks before anything was done.</summary>
    DropRequest,

    /// <summary>The effect is done, then the connection breaks without an answer.</summary>
    DropAnswer,

    /// <summary>Nothing is done; the vendor's error is answered.</summary>
    Fail,

    /// <summary>The effect is done, then the answer waits; a client that disconnects ends the wait.</summary>
    Stall,

    /// <summary>The effect is done; the answer's body is cut after a number of bytes and the connection breaks.</summary>
    Truncate,

    /// <summary>A copy writes zeros in place of one range of the source.</summary>
    ZeroExtent,

    /// <summary>The effect is done; a range of the bytes that go over the wire arrives with every bit turned. Of a copy: of the bytes that it writes.</summary>
    Corrupt,

    /// <summary>The effect is done; bytes that belong to nothing follow the body of an export.</summary>
    Excess,

    /// <summary>The request is executed twice, as when something between repeats it; the second answer is told.</summary>
    Duplicate,

    /// <summary>The system restarts at this call: the connection breaks and the system is away for a while.</summary>
    Restart,

    /// <summary>Nothing is done; a bare HTTP status is answered.</summary>
    HttpStatus,
}

/// <summary>One planned fault: which call of which system, and what happens there.</summary>
public sealed record FaultSpecification
{
    /// <summary>For <see cref="Times"/>: every call from the first one on.</summary>
    public const int ForEver = int.MaxValue;

    /// <summary><c>solidfire</c>, <c>xenserver</c>, <c>cloudstack</c> or <c>hook</c>.</summary>
    public required string System { get; init; }

    /// <summary>Pool name, for systems that have several; null matches any.</summary>
    public string? Pool { get; init; }

    /// <summary>Method as the wire spells it, for example <c>CloneVolume</c> or <c>VDI.copy</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The call that is hit first, 1-based, counted from the moment the fault was planned.</summary>
    public int Occurrence { get; init; } = 1;

    /// <summary>How many calls in a row are hit, from <see cref="Occurrence"/> on; <see cref="ForEver"/>: all of them.</summary>
    public int Times { get; init; } = 1;

    public required FaultAction Action { get; init; }

    /// <summary>Vendor's error name for <see cref="FaultAction.Fail"/>.</summary>
    public string? ErrorName { get; init; }

    /// <summary>Vendor's error parameters (XenAPI) or message (first entry, SolidFire and CloudStack).</summary>
    public IReadOnlyList<string> ErrorParams { get; init; } = [];

    /// <summary>Length of a stall, or of the time away after a restart.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Bytes of the body that still arrive under <see cref="FaultAction.Truncate"/>; bytes too many under <see cref="FaultAction.Excess"/>.</summary>
    public long Bytes { get; init; }

    /// <summary>Start of the range that a copy zeroes or that is corrupted.</summary>
    public long Offset { get; init; }

    /// <summary>Length of that range.</summary>
    public long Length { get; init; }

    /// <summary>Status for <see cref="FaultAction.HttpStatus"/>.</summary>
    public int Status { get; init; } = 503;

    /// <summary>Told when the fault has done what it says; null outside a plan.</summary>
    internal Action? Effect { get; init; }

    /// <summary>The system calls this when the fault shows: a fault that was taken and then could do nothing has not fired.</summary>
    public void Shows() => Effect?.Invoke();
}

/// <summary>A planned fault as it stands now.</summary>
public sealed record PlannedFault(int Id, FaultSpecification Specification, int Seen, int FiredTimes)
{
    /// <summary>Whether it has done what it says at as many calls as planned, at one at least when it goes on for ever.</summary>
    public bool Fired => FiredTimes > 0 && (Specification.Times == FaultSpecification.ForEver || FiredTimes >= Specification.Times);
}
