using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Entities;

namespace SnapshotWorkflows.Tests.Node;

/// <summary>Work that takes its process with it, whenever it is tried.</summary>
internal static class Poison
{
    public static void Register(DurableTaskRegistry registry)
    {
        registry.AddOrchestrator("Bomb", default, () => new Bomb());
        registry.AddOrchestrator("Abyss", default, () => new Abyss());
        registry.AddOrchestrator("Exploder", default, () => new Exploder());
        registry.AddOrchestrator("MineCaller", default, () => new MineCaller());
        registry.AddActivity("Explode", default, _ => new Explode());
        registry.AddEntity("Mine", _ => new Mine());
    }

    /// <summary>Dies in its second turn, told of a call that went well.</summary>
    private sealed class Bomb : TaskOrchestrator<int, int>
    {
        public override async Task<int> RunAsync(TaskOrchestrationContext context, int input)
        {
            var worked = await context.CallActivityAsync<int>("Work", input);
            Environment.FailFast("A turn that kills its process.");
            return worked;
        }
    }

    /// <summary>Dies in its first turn, of a stack overflow.</summary>
    private sealed class Abyss : TaskOrchestrator<int, int>
    {
        public override Task<int> RunAsync(TaskOrchestrationContext context, int input) => Task.FromResult(Fall(input));

        private static int Fall(int depth) => Fall(depth + 1) + depth;
    }

    private sealed class Exploder : TaskOrchestrator<int, string>
    {
        public override async Task<string> RunAsync(TaskOrchestrationContext context, int input)
        {
            try
            {
                return await context.CallActivityAsync<string>("Explode", input);
            }
            catch (TaskFailedException failure)
            {
                return failure.FailureDetails.ErrorType;
            }
        }
    }

    private sealed class Explode : TaskActivity<int, string>
    {
        public override Task<string> RunAsync(TaskActivityContext context, int input)
        {
            Environment.FailFast("An activity that kills its process.");
            return Task.FromResult("");
        }
    }

    private sealed class MineCaller : TaskOrchestrator<int, string>
    {
        public override async Task<string> RunAsync(TaskOrchestrationContext context, int input)
        {
            var mine = new EntityInstanceId("Mine", "m");
            await context.Entities.CallEntityAsync(mine, "Set", 5);
            try
            {
                await context.Entities.CallEntityAsync(mine, "Blow");
                return "";
            }
            catch (EntityOperationFailedException failure)
            {
                return $"{failure.FailureDetails.ErrorType} {await context.Entities.CallEntityAsync<int>(mine, "Get")}";
            }
        }
    }

    private sealed class Mine : TaskEntity<int>
    {
        public void Set(int amount) => State = amount;

        public int Get() => State;

        public void Blow()
        {
            State = 999;
            Environment.FailFast("An operation that kills its process.");
        }
    }
}
