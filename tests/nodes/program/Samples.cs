using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Engine;

namespace SnapshotWorkflows.Tests.Node;

internal static class Samples
{
    /// <summary>A node has its orchestrators in one version only, as a program of that release has.</summary>
    public static void Register(DurableTaskRegistry registry, string version)
    {
        registry.AddOrchestrator("Order", version, () => new Order(version));
        registry.AddOrchestrator("Parcel", version, () => new Parcel(version));
        registry.AddActivity<Work>();
        Poison.Register(registry);
        if (version != "1")
            registry.AddActivity("Audit", default, _ => new Work());
    }
}

/// <summary>Something of everything that waits: calls one after another and side by side, a timer, an event from outside, a child.</summary>
internal sealed class Order(string version) : TaskOrchestrator<int, string>
{
    public override async Task<string> RunAsync(TaskOrchestrationContext context, int input)
    {
        await context.CallActivityAsync<int>("Work", input);
        await context.CreateTimer(TimeSpan.FromMilliseconds(300), CancellationToken.None);
        var parts = await Task.WhenAll(Enumerable.Range(0, 3).Select(part => context.CallActivityAsync<int>("Work", part)));
        if (version != "1")
            await context.CallActivityAsync<int>("Audit", 0);
        await context.WaitForExternalEvent<string>("Go");
        var child = await context.CallSubOrchestratorAsync<string>("Parcel", parts.Sum());
        return $"{version} {child}";
    }
}

internal sealed class Parcel(string version) : TaskOrchestrator<int, string>
{
    public override async Task<string> RunAsync(TaskOrchestrationContext context, int input) => $"{version} {await context.CallActivityAsync<int>("Work", input)}";
}

/// <summary>Takes long enough to be killed in: real time, for it is a process that is killed.</summary>
internal sealed class Work : TaskActivity<int, int>
{
    public override async Task<int> RunAsync(TaskActivityContext context, int input)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(10 + (input % 40)));
        return input;
    }
}
