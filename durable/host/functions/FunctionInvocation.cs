using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Durable.Host.Http;
using SnapshotWorkflows.Functions.Worker;
using SnapshotWorkflows.Functions.Worker.Http;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>One call of a function: the services of its scope and what triggered it.</summary>
internal sealed class FunctionInvocation(IServiceProvider services, CancellationToken cancellation)
{
    private HttpRequestData? _request;
    private FunctionContext? _context;

    public IServiceProvider Services { get; } = services;

    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>The request; null for other triggers.</summary>
    public HttpContext? Http { get; init; }

    /// <summary>The schedule's word; null for other triggers.</summary>
    public TimerInfo? Timer { get; init; }

    public TaskOrchestrationContext? Orchestration { get; init; }

    public TaskActivityContext? Activity { get; init; }

    public TaskEntityDispatcher? Entity { get; init; }

    /// <summary>The input of an orchestrator or activity, of the type that the function declares.</summary>
    public object? Input { get; init; }

    /// <summary>The request in the worker's own form, made when the function asks for it.</summary>
    public HttpRequestData RequestData(FunctionMethod method) => _request ??= new ContextRequestData(Context(method), Http!);

    public FunctionContext Context(FunctionMethod method) => _context ??= new InvocationContext(method, this);
}

/// <summary>Where one parameter's value comes from.</summary>
internal delegate ValueTask<object?> ParameterBinding(FunctionInvocation invocation, FunctionMethod method);
