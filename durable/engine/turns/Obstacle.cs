namespace SnapshotWorkflows.Durable.Engine.Turns;

internal enum ObstacleAction
{
    /// <summary>Another process, or a later start of this one, may be able to: leave everything as it is, visibly.</summary>
    Wait,
    Fail,

    /// <summary>Keep it, visibly, until somebody has mended the code and resumes it.</summary>
    Suspend,
}

/// <summary>Why an instance cannot go on here: nobody has its code, its history cannot be read or does not fit, or its turn breaks.</summary>
internal sealed record Obstacle(string ErrorType, string Reason, ObstacleAction Action)
{
    public const string NotRegistered = "TaskNotRegistered";
    public const string VersionMismatch = "VersionMismatch";
    public const string MalformedHistory = "MalformedHistory";
    public const string PoisonTurn = "PoisonTurn";
}

/// <summary>Stands for the code of an instance that cannot run here; it never gets anywhere.</summary>
internal sealed class NobodysOrchestrator : ITaskOrchestrator
{
    public Type InputType => typeof(object);

    public Type OutputType => typeof(object);

    public Task<object?> RunAsync(TaskOrchestrationContext context, object? input) => new TaskCompletionSource<object?>().Task;
}
