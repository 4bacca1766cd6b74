using System.Reflection;
using System.Runtime.ExceptionServices;

namespace SnapshotWorkflows.Durable.Entities;

/// <summary>Finds and calls the method that an operation names.</summary>
internal static class EntityMethod
{
    /// <exception cref="AmbiguousMatchException">There are several of that name.</exception>
    public static MethodInfo? Find(object target, string operation) =>
        target.GetType().GetMethod(operation, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase) is { } method
            // Not what every object has, nor the way in itself.
            && method.DeclaringType != typeof(object) && !(method.Name == nameof(ITaskEntity.RunAsync) && target is ITaskEntity)
            ? method
            : null;

    public static async ValueTask<object?> InvokeAsync(object target, MethodInfo method, TaskEntityOperation operation)
    {
        object? result;
        try
        {
            result = method.Invoke(target, Bind(method, operation));
        }
        catch (TargetInvocationException thrown) when (thrown.InnerException is not null)
        {
            ExceptionDispatchInfo.Throw(thrown.InnerException);
            throw;
        }
        var declared = method.ReturnType;
        switch (result)
        {
            case Task task:
                await task;
                return declared.IsGenericType ? declared.GetProperty(nameof(Task<>.Result))!.GetValue(task) : null;
            case ValueTask task:
                await task;
                return null;
        }
        if (!declared.IsGenericType || declared.GetGenericTypeDefinition() != typeof(ValueTask<>))
            return result;
        var converted = (Task)declared.GetMethod(nameof(ValueTask<>.AsTask))!.Invoke(result, null)!;
        await converted;
        return converted.GetType().GetProperty(nameof(Task<>.Result))!.GetValue(converted);
    }

    private static object?[] Bind(MethodInfo method, TaskEntityOperation operation)
    {
        var parameters = method.GetParameters();
        var values = new object?[parameters.Length];
        ParameterInfo? input = null;
        for (var index = 0; index < parameters.Length; index++)
        {
            var parameter = parameters[index];
            if (parameter.ParameterType == typeof(TaskEntityContext))
            {
                values[index] = operation.Context;
                continue;
            }
            if (input is not null)
                throw new InvalidOperationException($"'{method}' takes more than one input ('{input.Name}', '{parameter.Name}'); an operation has one at most.");
            input = parameter;
            values[index] = operation.HasInput ? operation.GetInput(parameter.ParameterType)
                : parameter.HasDefaultValue ? parameter.DefaultValue
                : throw new InvalidOperationException($"Operation '{operation}' wants an input ('{parameter.Name}'), and the caller gave none.");
        }
        return values;
    }
}
