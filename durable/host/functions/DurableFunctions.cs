using System.Reflection;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>A function that is an orchestrator: its class may take services, but it is replayed, so it must use none that tells it something new.</summary>
internal sealed record OrchestratorFunction(FunctionMethod Method, string Orchestrator, Type Input, Type Output)
{
    public static OrchestratorFunction Create(string name, MethodInfo method, ParameterInfo context, OrchestrationTriggerAttribute trigger)
    {
        if (context.ParameterType != typeof(TaskOrchestrationContext))
        {
            throw FunctionCatalog.Invalid(name, method, $"[OrchestrationTrigger] stands on '{context.ParameterType.Name} {context.Name}', but binds to TaskOrchestrationContext only");
        }

        ParameterInfo? input = null;
        var bindings = method.GetParameters().Select(parameter =>
        {
            if (parameter == context)
            {
                return (invocation, _) => new(invocation.Orchestration);
            }

            if (parameter.GetCustomAttribute<DurableClientAttribute>() is not null)
            {
                throw FunctionCatalog.Invalid(name, method, $"an orchestrator cannot take '{parameter.Name}': a client would make it depend on more than its history", "Call an activity that uses the client.");
            }

            return HttpParameters.Common(parameter) ?? DurableInput.Bind(name, method, parameter, ref input);
        }).ToArray();
        return new OrchestratorFunction(
            new FunctionMethod(name, method, bindings), trigger.Orchestration ?? name, input?.ParameterType ?? typeof(object), FunctionMethod.ResultTypeOf(method.ReturnType) ?? typeof(object));
    }

    public void Register(DurableTaskRegistry registry, Func<IServiceProvider> services) =>
        registry.AddOrchestrator(Orchestrator, default, () => new Adapter(this, services()));

    private sealed class Adapter(OrchestratorFunction function, IServiceProvider services) : ITaskOrchestrator
    {
        public Type InputType => function.Input;

        public Type OutputType => function.Output;

        // Without a scope: an instance that leaves memory in mid-run would never dispose it.
        public Task<object?> RunAsync(TaskOrchestrationContext context, object? input) =>
            function.Method.InvokeAsync(new FunctionInvocation(services, CancellationToken.None) { Orchestration = context, Input = input });
    }
}

/// <summary>A function that is an activity; it runs in the scope of its attempt, and its token is the attempt's.</summary>
internal sealed record ActivityFunction(FunctionMethod Method, string Activity, Type Input, Type Output)
{
    public static ActivityFunction Create(string name, MethodInfo method, ParameterInfo trigger, ActivityTriggerAttribute attribute)
    {
        ParameterInfo? input = null;
        var bindings = method.GetParameters().Select(parameter =>
        {
            if (parameter.ParameterType == typeof(TaskActivityContext))
            {
                return (invocation, _) => new(invocation.Activity);
            }

            if (parameter != trigger && parameter.ParameterType == typeof(string) && parameter.Name is "instanceId")
            {
                return (invocation, _) => new(invocation.Activity!.InstanceId);
            }

            return parameter != trigger && HttpParameters.Common(parameter) is { } common ? common : DurableInput.Bind(name, method, parameter, ref input);
        }).ToArray();
        return new ActivityFunction(
            new FunctionMethod(name, method, bindings), attribute.Activity ?? name, input?.ParameterType ?? typeof(object), FunctionMethod.ResultTypeOf(method.ReturnType) ?? typeof(object));
    }

    public void Register(DurableTaskRegistry registry) => registry.AddActivity(Activity, default, services => new Adapter(this, services));

    private sealed class Adapter(ActivityFunction function, IServiceProvider services) : ITaskActivity
    {
        public Type InputType => function.Input;

        public Type OutputType => function.Output;

        public Task<object?> RunAsync(TaskActivityContext context, object? input)
        {
            var execution = (IActivityExecution)services.GetService(typeof(IActivityExecution))!;
            return function.Method.InvokeAsync(new FunctionInvocation(services, execution.CancellationToken) { Activity = context, Input = input });
        }
    }
}

/// <summary>The one parameter of a durable function that is its input.</summary>
internal static class DurableInput
{
    public static ParameterBinding Bind(string name, MethodInfo method, ParameterInfo parameter, ref ParameterInfo? input)
    {
        if (input is not null)
        {
            throw FunctionCatalog.Invalid(name, method, $"'{input.Name}' and '{parameter.Name}' would both be the input", "Make one record of them.");
        }

        input = parameter;
        var missing = parameter.HasDefaultValue ? parameter.DefaultValue : parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null;
        return (invocation, _) => new(invocation.Input ?? missing);
    }
}
