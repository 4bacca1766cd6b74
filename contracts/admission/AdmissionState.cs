namespace SnapshotWorkflows.Contracts;

/// <summary>What the Admission entity remembers: who holds which slots, who waits for which, and whether anything may begin.</summary>
public sealed record AdmissionState
{
    public AdmissionLimits Limits { get; init; } = new();

    /// <summary>Set while a person has stopped everything; what runs goes on.</summary>
    public AdmissionPause? Paused { get; init; }

    /// <summary>Times in which nothing begins.</summary>
    public IReadOnlyList<MaintenanceWindow> Windows { get; init; } = [];

    public IReadOnlyList<AdmissionGrant> Granted { get; init; } = [];

    /// <summary>In order of arrival.</summary>
    public IReadOnlyList<AdmissionWish> Waiting { get; init; } = [];

    /// <summary>Number of the wish that came last.</summary>
    public long LastNumber { get; init; }

    /// <summary>When a wish was last granted because it had waited the longest; null while none was.</summary>
    public DateTimeOffset? LastTurn { get; init; }

    /// <summary>Instances that read a snapshot's copy or go back to the snapshot, or wait to. One that was ended by force is listed until its slots are taken back.</summary>
    public IReadOnlyList<string> ReadersOf(RequestKey snapshot) =>
        [.. Granted.Select(grant => grant.Request).Concat(Waiting.Select(wish => wish.Request)).Where(request => request.Reads == snapshot).Select(request => request.Instance).Distinct(StringComparer.Ordinal)];
}

public sealed record AdmissionGrant(AdmissionRequest Request, DateTimeOffset At)
{
    /// <summary>What is left of it is held by a clean-up that does not end (<see cref="AdmissionReduction"/>).</summary>
    public bool Stuck { get; init; }
}

/// <param name="Number">Rises with every wish.</param>
public sealed record AdmissionWish(AdmissionRequest Request, long Number, DateTimeOffset At);

public sealed record AdmissionPause(string By, string? Reason, DateTimeOffset At);

public sealed record MaintenanceWindow(DateTimeOffset From, DateTimeOffset Until, string? Reason);
