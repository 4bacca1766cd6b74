namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>A request that is refused before anything is stored or started.</summary>
internal sealed class BadRequestException(string code, string message, string remedy) : Exception(message)
{
    public string Code { get; } = code;

    public string Remedy { get; } = remedy;

    /// <summary>Of the answer.</summary>
    public int Status { get; init; } = 400;

    public ProblemResult ToResult() => new(Status, Code, Message, Remedy);
}
