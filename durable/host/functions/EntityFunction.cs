using System.Reflection;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Entities;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>A function that is an entity: called once an operation, it dispatches it.</summary>
internal sealed record EntityFunction(FunctionMethod Method, string Entity)
{
    public static EntityFunction Create(string name, MethodInfo method, ParameterInfo dispatcher, EntityTriggerAttribute trigger)
    {
        if (dispatcher.ParameterType != typeof(TaskEntityDispatcher))
        {
            throw FunctionCatalog.Invalid(name, method, $"[EntityTrigger] stands on '{dispatcher.ParameterType.Name} {dispatcher.Name}', but binds to TaskEntityDispatcher only");
        }

        var bindings = method.GetParameters().Select(parameter => parameter == dispatcher
            ? (invocation, _) => new(invocation.Entity)
            : HttpParameters.Common(parameter) ?? throw FunctionCatalog.Invalid(
                name, method, $"nothing binds parameter '{parameter.ParameterType.Name} {parameter.Name}'", "Use [DurableClient], FunctionContext or CancellationToken, or inject services into the constructor.")).ToArray();
        return new EntityFunction(new FunctionMethod(name, method, bindings), trigger.EntityName ?? name);
    }

    public void Register(DurableTaskRegistry registry) => registry.AddEntity(Entity, services => new Adapter(this, services));

    private sealed class Adapter(EntityFunction function, IServiceProvider services) : ITaskEntity
    {
        public async ValueTask<object?> RunAsync(TaskEntityOperation operation)
        {
            var dispatcher = new TaskEntityDispatcher(operation, services);
            await function.Method.InvokeAsync(new FunctionInvocation(services, CancellationToken.None) { Entity = dispatcher });
            return dispatcher.HasDispatched
                ? dispatcher.Result
                : throw new InvalidOperationException($"Function '{function.Method.Name}' dispatched nothing: it must await one of the dispatcher's methods.");
        }
    }
}
