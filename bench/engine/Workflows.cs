using SnapshotWorkflows.Durable;

namespace SnapshotWorkflows.Bench.Engine;

/// <summary>Ten trivial durable steps, one after the other: with its start, twelve commits where nothing is grouped.</summary>
internal sealed class TenSteps : TaskOrchestrator<int, int>
{
    public const int Steps = 10;

    public override async Task<int> RunAsync(TaskOrchestrationContext context, int input)
    {
        var sum = 0;
        for (var step = 1; step <= Steps; step++)
            sum += await context.CallActivityAsync<int>(nameof(Step), new StepInput(input, step));
        return sum;
    }
}

/// <summary>As many calls at once as its input says, and a join.</summary>
internal sealed class FanOut : TaskOrchestrator<int, int>
{
    public override async Task<int> RunAsync(TaskOrchestrationContext context, int input)
    {
        var all = await Task.WhenAll(Enumerable.Range(1, input).Select(one => context.CallActivityAsync<int>(nameof(Step), new StepInput(input, one))));
        return all.Length;
    }
}

internal sealed record StepInput(int Workflow, int Step);

/// <summary>Does nothing, unless the benchmark of recovery watches it.</summary>
internal sealed class Step(StepGate? gate = null) : TaskActivity<StepInput, int>
{
    public override async Task<int> RunAsync(TaskActivityContext context, StepInput input)
    {
        if (gate is not null)
            await gate.PassAsync(input);
        return input.Step;
    }
}

/// <summary>Sees every step that runs, and may hold it.</summary>
internal abstract class StepGate
{
    public abstract Task PassAsync(StepInput input);
}
