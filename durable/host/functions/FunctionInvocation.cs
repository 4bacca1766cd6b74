using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>One call of a function: what its parameters are taken from.</summary>
/// <param name="Services">The scope of this call.</param>
internal sealed record FunctionInvocation(IServiceProvider Services, HttpContext? Http, TimerInfo? Timer, CancellationToken Cancellation);

/// <summary>Where one parameter's value comes from.</summary>
internal delegate ValueTask<object?> ParameterBinding(FunctionInvocation invocation);
