namespace SnapshotWorkflows.Durable;

/// <summary>Thrown in an orchestrator when a called activity or child has failed.</summary>
public class TaskFailedException : Exception
{
    public TaskFailedException(string taskName, int taskId, TaskFailureDetails failureDetails)
        : base(MessageOf(taskName, taskId, failureDetails))
    {
        TaskName = taskName;
        TaskId = taskId;
        FailureDetails = failureDetails;
    }

    public TaskFailedException(string taskName, int taskId, Exception innerException)
        : this(taskName, taskId, TaskFailureDetails.FromException(innerException), innerException)
    {
    }

    public TaskFailedException(string taskName, int taskId, TaskFailureDetails failureDetails, Exception innerException)
        : base(MessageOf(taskName, taskId, failureDetails), innerException)
    {
        TaskName = taskName;
        TaskId = taskId;
        FailureDetails = failureDetails;
    }

    public string TaskName { get; }

    public int TaskId { get; }

    public TaskFailureDetails FailureDetails { get; }

    /// <summary>Whether the failure was of exactly this type; <see cref="TaskFailureDetails.IsCausedBy{T}"/> honours inheritance.</summary>
    public bool IsCausedByException<T>() where T : Exception => FailureDetails.ErrorType == typeof(T).FullName;

    private static string MessageOf(string taskName, int taskId, TaskFailureDetails details) =>
        $"Task '{taskName}' (#{taskId}) failed with an unhandled exception: {details.ErrorMessage}";
}
