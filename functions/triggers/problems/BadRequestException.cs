namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>A request that is refused before anything is stored or started.</summary>
internal sealed class BadRequestException(string code, string message, string remedy) : Exception(message)
{
    public string Code { get; } = code;

    public string Remedy { get; } = remedy;

    public ProblemResult ToResult() => new(400, Code, Message, Remedy);
}
