namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>What a request must know of <c>Quiesce:Hook</c>.</summary>
public sealed class QuiescingOptions
{
    /// <summary>The guest-side agent's address; empty where there is none.</summary>
    public string Url { get; set; } = "";
}
