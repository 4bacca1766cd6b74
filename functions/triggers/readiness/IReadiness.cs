namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>Tries every system that the service depends on, and says what it found and what to mend.</summary>
public interface IReadiness
{
    Task<IReadOnlyList<ReadinessFinding>> FindAsync(CancellationToken cancellation);
}

/// <summary>What a check found of one system: what it is, or what to mend.</summary>
/// <param name="Mend">Null where it is ready.</param>
public sealed record ReadinessFinding(string System, bool Ready, string Found, string? Mend)
{
    /// <summary>What it is one of, where others of it go on while it is away: jobs of a second array, pool or destination need nothing of the first. Null where everything needs it.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string? OneOf { get; init; }

    /// <summary>Jobs end well without it, but a person is to look.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsAdvice { get; init; }
}
