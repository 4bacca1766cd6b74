namespace SnapshotWorkflows.Contracts;

/// <summary>One occurrence of a policy's schedule: what RunPolicy is started with.</summary>
/// <param name="At">When the schedule wanted it.</param>
/// <param name="Missed">Occurrences before it that were missed; they are made up by this one.</param>
public sealed record PolicyOccurrence(SnapshotPolicy Policy, DateTimeOffset At, int Missed)
{
    /// <summary>The same on every node, so that an occurrence runs once.</summary>
    public RequestKey Instance => new(NameUuid.From($"policy\n{Policy.Name}\n{At.UtcDateTime:O}").ToString("N"));

    /// <summary>Key of the snapshot of one volume.</summary>
    public RequestKey SnapshotOf(string volumeId) => new(NameUuid.From($"policy\n{Policy.Name}\n{At.UtcDateTime:O}\n{volumeId}").ToString("N"));

    /// <summary>How long a volume waits, so that not all begin at once: drawn from policy and volume, the same at every occurrence.</summary>
    public TimeSpan JitterOf(string volumeId) => Policy.JitterSeconds == 0
        ? TimeSpan.Zero
        : TimeSpan.FromSeconds(BitConverter.ToUInt32(NameUuid.From($"jitter\n{Policy.Name}\n{volumeId}").ToByteArray().AsSpan(0, 4)) % (uint)(Policy.JitterSeconds + 1));
}

/// <summary>What became of an occurrence.</summary>
public sealed record PolicyRunResult(int Taken, IReadOnlyList<PolicyRunFailure> Failures, int Expired);

public sealed record PolicyRunFailure(string VolumeId, string Code, string Message);

/// <summary>What ExpireSnapshots is started with.</summary>
public sealed record ExpireSnapshotsInput(SnapshotPolicy Policy);

/// <param name="Expired">Deleted.</param>
/// <param name="Kept">Kept by the rule.</param>
/// <param name="Left">The rule would have let them go, and they stayed all the same: held, or not to be deleted.</param>
public sealed record ExpireSnapshotsResult(int Expired, int Kept, IReadOnlyList<PolicyRunFailure> Left);
