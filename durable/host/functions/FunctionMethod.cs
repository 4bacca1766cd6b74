using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>A [Function] method, ready to be called: its class from the call's scope, its parameters from their bindings.</summary>
internal sealed class FunctionMethod(string name, MethodInfo method, IReadOnlyList<ParameterBinding> bindings)
{
    private readonly Func<object, object?>? _result = ResultOf(method.ReturnType);

    public string Name { get; } = name;

    public string EntryPoint { get; } = $"{method.DeclaringType?.FullName}.{method.Name}";

    public FunctionDefinition Definition { get; } = new MethodDefinition(name, method);

    /// <summary>The class whose constructor takes services; null for a static method.</summary>
    public Type? DeclaringType { get; } = method.IsStatic ? null : method.DeclaringType;

    /// <summary>Calls the method and awaits it.</summary>
    /// <returns>The result, or null when the method has none.</returns>
    public async Task<object?> InvokeAsync(FunctionInvocation invocation)
    {
        var arguments = new object?[bindings.Count];
        for (var i = 0; i < arguments.Length; i++)
        {
            arguments[i] = await bindings[i](invocation, this);
        }

        var target = DeclaringType is null ? null : ActivatorUtilities.CreateInstance(invocation.Services, DeclaringType);
        try
        {
            var returned = method.Invoke(target, BindingFlags.DoNotWrapExceptions, null, arguments, null);
            switch (returned)
            {
                case Task task:
                    await task;
                    break;
                case ValueTask nothing:
                    await nothing;
                    return null;
                case { } other when other.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ValueTask<>):
                    var converted = (Task)type.GetMethod(nameof(ValueTask<object>.AsTask))!.Invoke(other, null)!;
                    await converted;
                    returned = converted;
                    break;
                default:
                    return returned;
            }

            return _result?.Invoke(returned);
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

    /// <summary>What the method's task or its plain return value holds; null for void.</summary>
    public static Type? ResultTypeOf(Type type) => type switch
    {
        { IsGenericType: true } when type.GetGenericTypeDefinition() == typeof(Task<>) || type.GetGenericTypeDefinition() == typeof(ValueTask<>) => type.GetGenericArguments()[0],
        _ when type == typeof(void) || type == typeof(Task) || type == typeof(ValueTask) => null,
        _ => type,
    };

    private static Func<object, object?>? ResultOf(Type type) =>
        ResultTypeOf(type) is { } result && type.IsGenericType && typeof(Task<>).MakeGenericType(result).GetProperty(nameof(Task<object>.Result)) is { } property
            ? property.GetValue
            : null;

    private sealed class MethodDefinition(string name, MethodInfo method) : FunctionDefinition
    {
        public override string PathToAssembly { get; } = method.Module.FullyQualifiedName;

        public override string EntryPoint { get; } = $"{method.DeclaringType?.FullName}.{method.Name}";

        public override string Id { get; } = $"{method.DeclaringType?.FullName}.{method.Name}/{name}".ToLowerInvariant();

        public override string Name { get; } = name;
    }
}
