using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>A [Function] method, ready to be called: its class from the call's scope, its parameters from their bindings.</summary>
internal sealed class FunctionMethod(string name, MethodInfo method, IReadOnlyList<ParameterBinding> bindings)
{
    private readonly PropertyInfo? _taskResult =
        method.ReturnType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Task<>) ? type.GetProperty(nameof(Task<object>.Result)) : null;

    public string Name { get; } = name;

    /// <summary>The class whose constructor takes services; null for a static method.</summary>
    public Type? DeclaringType { get; } = method.IsStatic ? null : method.DeclaringType;

    /// <summary>Calls the method and awaits it.</summary>
    /// <returns>The result, or null when the method has none.</returns>
    public async Task<object?> InvokeAsync(FunctionInvocation invocation)
    {
        var arguments = new object?[bindings.Count];
        for (var i = 0; i < arguments.Length; i++)
        {
            arguments[i] = await bindings[i](invocation);
        }

        var target = DeclaringType is null ? null : ActivatorUtilities.CreateInstance(invocation.Services, DeclaringType);
        try
        {
            var returned = method.Invoke(target, BindingFlags.DoNotWrapExceptions, null, arguments, null);
            if (returned is not Task task)
            {
                return returned;
            }

            await task;
            return _taskResult?.GetValue(task);
        }
        finally
        {
            // The scope does not own what ActivatorUtilities made.
            if (target is IAsyncDisposable asynchronous)
            {
                await asynchronous.DisposeAsync();
            }
            else
            {
                (target as IDisposable)?.Dispose();
            }
        }
    }
}
