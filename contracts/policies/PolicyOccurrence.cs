namespace SnapshotWorkflows.Contracts;

/// <summary>One occurrence of a policy's schedule, or a run that a person asked for: what RunPolicy is started with. Stored for ever: add optional members only.</summary>
/// <param name="At">When the schedule wanted it; when it was asked for.</param>
/// <param name="Missed">Occurrences before it that were missed; they are made up by this one.</param>
public sealed record PolicyOccurrence(SnapshotPolicy Policy, DateTimeOffset At, int Missed)
{
    /// <summary>Set where a person asked for it: it is no occurrence of the schedule then, whatever its time, and no occurrence is done by it.</summary>
    public ManualRun? ByHand { get; init; }

    /// <summary>The same on every node, so that an occurrence runs once, and so does a request.</summary>
    public RequestKey Instance => ByHand?.Key ?? new(NameUuid.From($"policy\n{Policy.Name}\n{At.UtcDateTime:O}").ToString("N"));

    /// <summary>Key of the snapshot of one volume.</summary>
    public RequestKey SnapshotOf(string volumeId) =>
        new(NameUuid.From(ByHand is { } run ? $"policy run\n{run.Key.Value}\n{volumeId}" : $"policy\n{Policy.Name}\n{At.UtcDateTime:O}\n{volumeId}").ToString("N"));

    /// <summary>How long a volume waits, so that not all begin at once: drawn from policy and volume, the same at every occurrence. Where a person waits, none does.</summary>
    public TimeSpan JitterOf(string volumeId) => Policy.JitterSeconds == 0 || ByHand is not null
        ? TimeSpan.Zero
        : TimeSpan.FromSeconds(BitConverter.ToUInt32(NameUuid.From($"jitter\n{Policy.Name}\n{volumeId}").ToByteArray().AsSpan(0, 4)) % (uint)(Policy.JitterSeconds + 1));
}

/// <param name="Key">The request's, and the run's instance.</param>
/// <param name="Caller">Who asked: the name of the key that was used, never the key.</param>
public sealed record ManualRun(RequestKey Key, string Caller);

/// <summary>What became of an occurrence.</summary>
/// <param name="Expired">Always 0 since expiry has an instance of its own.</param>
public sealed record PolicyRunResult(int Taken, IReadOnlyList<PolicyRunFailure> Failures, int Expired);

public sealed record PolicyRunFailure(string VolumeId, string Code, string Message);

/// <summary>What ExpireSnapshots is started with.</summary>
/// <param name="Policy">As it was then: what the rule says is read anew whenever something is judged.</param>
public sealed record ExpireSnapshotsInput(SnapshotPolicy Policy)
{
    /// <summary>One at a time for each policy: it waits for a person now and then, and must not do so twice.</summary>
    public static RequestKey InstanceOf(string policy) => new(NameUuid.From($"expire\n{policy}").ToString("N"));
}

/// <summary>What ExpireSnapshots asks a person, while it waits for the answer.</summary>
/// <param name="Id">Of this question: the answer names it, so that none is taken for that of another run.</param>
/// <param name="Going">Copies that would go.</param>
/// <param name="Eligible">Copies that a rule could let go at all.</param>
/// <param name="Doubt">Why it is asked besides their number; null where the number alone is why.</param>
/// <param name="Until">Without an answer by then nothing goes.</param>
public sealed record ExpiryQuestion(string Id, int Going, int Eligible, string? Doubt, DateTimeOffset AskedAt, DateTimeOffset Until)
{
    /// <summary>The event that answers it; its data is true or false.</summary>
    public string Event => $"Approve-{Id}";
}

/// <param name="Expired">Deleted.</param>
/// <param name="Kept">Kept by the rule.</param>
/// <param name="Left">The rule would have let them go, and they stayed all the same: held, or not to be deleted.</param>
public sealed record ExpireSnapshotsResult(int Expired, int Kept, IReadOnlyList<PolicyRunFailure> Left);
