namespace SnapshotWorkflows.Durable;

/// <summary>An input that says which orchestrator it is for.</summary>
public interface IBaseOrchestrationRequest
{
    /// <summary>A method, so that no serializer takes it for data.</summary>
    TaskName GetTaskName();
}

/// <summary>Of an orchestrator with that result: <see cref="TaskOrchestrationContextRequestExtensions"/> runs it.</summary>
public interface IOrchestrationRequest<out TResult> : IBaseOrchestrationRequest;

/// <summary>Of an orchestrator without a result.</summary>
public interface IOrchestrationRequest : IOrchestrationRequest<Unit>;

/// <summary>An input that says which activity it is for.</summary>
public interface IBaseActivityRequest
{
    /// <summary>A method, so that no serializer takes it for data.</summary>
    TaskName GetTaskName();
}

/// <summary>Of an activity with that result.</summary>
public interface IActivityRequest<out TResult> : IBaseActivityRequest;

/// <summary>Of an activity without a result.</summary>
public interface IActivityRequest : IActivityRequest<Unit>;

/// <summary>Requests whose input is something else than themselves, such as a text.</summary>
public static class OrchestrationRequest
{
    public static IOrchestrationRequest<TResult> Create<TResult>(TaskName name, object? input = null) => new TaskRequest<TResult>(name, input);
}

/// <summary>As <see cref="OrchestrationRequest"/>, for activities.</summary>
public static class ActivityRequest
{
    public static IActivityRequest<TResult> Create<TResult>(TaskName name, object? input = null) => new TaskRequest<TResult>(name, input);
}

/// <summary>What is called by what it is called with.</summary>
public static class TaskOrchestrationContextRequestExtensions
{
    public static Task<TResult> RunAsync<TResult>(this TaskOrchestrationContext context, IOrchestrationRequest<TResult> request, TaskOptions? options = null)
    {
        var (name, input) = Parts(context, request, request?.GetTaskName());
        return context.CallSubOrchestratorAsync<TResult>(name, input, options);
    }

    public static Task RunAsync(this TaskOrchestrationContext context, IOrchestrationRequest<Unit> request, TaskOptions? options = null)
    {
        var (name, input) = Parts(context, request, request?.GetTaskName());
        return context.CallSubOrchestratorAsync(name, input, options);
    }

    public static Task<TResult> RunAsync<TResult>(this TaskOrchestrationContext context, IActivityRequest<TResult> request, TaskOptions? options = null)
    {
        var (name, input) = Parts(context, request, request?.GetTaskName());
        return context.CallActivityAsync<TResult>(name, input, options);
    }

    public static Task RunAsync(this TaskOrchestrationContext context, IActivityRequest<Unit> request, TaskOptions? options = null)
    {
        var (name, input) = Parts(context, request, request?.GetTaskName());
        return context.CallActivityAsync(name, input, options);
    }

    private static (TaskName Name, object? Input) Parts(TaskOrchestrationContext context, object? request, TaskName? name)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(request);
        return (name!.Value, request is ITaskRequest named ? named.Input : request);
    }
}

internal interface ITaskRequest
{
    object? Input { get; }
}

internal sealed class TaskRequest<TResult>(TaskName name, object? input) : ITaskRequest, IOrchestrationRequest<TResult>, IActivityRequest<TResult>
{
    public object? Input => input;

    public TaskName GetTaskName() => name;
}
