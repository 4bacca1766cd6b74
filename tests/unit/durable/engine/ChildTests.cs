using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

public sealed class ChildTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_childs_result_reaches_its_parent()
    {
        await using var bench = Bench(
            async parent => await parent.CallSubOrchestratorAsync<string>("Child", "in"),
            async child => $"{child.GetInput<string>()} of {child.Parent!.Name}/{child.Parent.InstanceId} {await child.CallActivityAsync<string>(nameof(Step), "work")}");
        Assert.Equal("in of Parent/parent work!", (await bench.RunAsync("Parent")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_childs_failure_is_a_failed_task_of_its_parent()
    {
        await using var bench = Bench(
            async parent =>
            {
                try
                {
                    return await parent.CallSubOrchestratorAsync<string>("Child");
                }
                catch (TaskFailedException failure)
                {
                    return $"{failure.TaskName}: {failure.FailureDetails.ErrorMessage}";
                }
            },
            _ => throw new InvalidDataException("broken"));
        Assert.Equal("Child: broken", (await bench.RunAsync("Parent")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_child_whose_id_is_taken_by_a_live_instance_fails_the_call_only()
    {
        await using var bench = Bench(
            async parent =>
            {
                try
                {
                    return await parent.CallSubOrchestratorAsync<string>("Child", new TaskOptions().WithInstanceId("parent"));
                }
                catch (TaskFailedException failure)
                {
                    return failure.FailureDetails.IsCausedBy<OrchestrationAlreadyExistsException>();
                }
            },
            _ => Task.FromResult<object?>(null));
        Assert.True((await bench.RunAsync("Parent")).ReadOutputAs<bool>());
    }

    [Fact]
    public async Task A_parent_does_not_wait_for_a_child_that_is_fire_and_forget()
    {
        await using var bench = Bench(
            async parent =>
            {
                await parent.CallSubOrchestratorAsync("Child", null, new SubOrchestrationOptions(new TaskOptions(null, new Dictionary<string, string> { ["FireAndForget"] = "" }), "child"));
                return "gone";
            },
            async child => await child.WaitForExternalEvent<string>("go"));
        Assert.Equal("gone", (await bench.RunAsync("Parent")).ReadOutputAs<string>());
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await bench.GetAsync("child")).RuntimeStatus);
        await bench.Client.RaiseEventAsync("child", "go", "on its own", Token);
        Assert.Equal("on its own", (await bench.Engine.PumpAsync("child", Token)).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData(null, OrchestrationRuntimeStatus.Terminated)]
    [InlineData(true, OrchestrationRuntimeStatus.Terminated)]
    [InlineData(false, OrchestrationRuntimeStatus.Running)]
    public async Task Terminate_reaches_the_children_unless_told_not_to(bool? recursive, OrchestrationRuntimeStatus expected)
    {
        await using var bench = Bench(
            async parent => await parent.CallSubOrchestratorAsync<string>("Child", new TaskOptions().WithInstanceId("child")),
            async child => await child.WaitForExternalEvent<string>("go"));
        await bench.StartAsync("Parent");
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.Client.TerminateInstanceAsync("parent", recursive is { } told ? new TerminateInstanceOptions("enough", told) : null, Token);
        await bench.Engine.PumpUntilIdleAsync(Token);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await bench.GetAsync("parent")).RuntimeStatus);
        Assert.Equal(expected, (await bench.GetAsync("child")).RuntimeStatus);
    }

    [Fact]
    public async Task A_terminated_child_fails_its_parents_call()
    {
        await using var bench = Bench(
            async parent =>
            {
                try
                {
                    return await parent.CallSubOrchestratorAsync<string>("Child", new TaskOptions().WithInstanceId("child"));
                }
                catch (TaskFailedException failure)
                {
                    return failure.FailureDetails.ErrorType;
                }
            },
            async child => await child.WaitForExternalEvent<string>("go"));
        await bench.StartAsync("Parent");
        await bench.Engine.PumpUntilIdleAsync(Token);
        await bench.Client.TerminateInstanceAsync("child", Token);
        Assert.Equal("Terminated", (await bench.Engine.PumpAsync("parent", Token)).ReadOutputAs<string>());
    }

    private static EngineBench Bench(Func<TaskOrchestrationContext, Task<object?>> parent, Func<TaskOrchestrationContext, Task<object?>> child) => new(registry => registry
        .AddActivity<Step>()
        .AddOrchestrator("Parent", default, () => new Code(parent))
        .AddOrchestrator("Child", default, () => new Code(child)));
}
