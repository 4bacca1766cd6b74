using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Engine;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

/// <summary>Orchestrations of the host's tests.</summary>
public static class SampleOrchestrations
{
    public static void Register(DurableTaskRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        registry.AddOrchestrator<Echo>();
        registry.AddOrchestrator<Waiter>();
        registry.AddOrchestrator<Failing>();
        registry.AddActivity<Upper>();
        registry.AddActivity<Fail>();
    }

    public sealed class Echo : TaskOrchestrator<string, string>
    {
        public override Task<string> RunAsync(TaskOrchestrationContext context, string input) => Task.FromResult(input);
    }

    /// <summary>Waits for the event Go, then passes its text through an activity.</summary>
    public sealed class Waiter : TaskOrchestrator<string, string>
    {
        public override async Task<string> RunAsync(TaskOrchestrationContext context, string input)
        {
            ArgumentNullException.ThrowIfNull(context);
            context.SetCustomStatus(new { step = "waiting" });
            var text = await context.WaitForExternalEvent<string>("Go");
            return await context.CallActivityAsync<string>(nameof(Upper), text);
        }
    }

    public sealed class Failing : TaskOrchestrator<string, string>
    {
        public override Task<string> RunAsync(TaskOrchestrationContext context, string input)
        {
            ArgumentNullException.ThrowIfNull(context);
            return context.CallActivityAsync<string>(nameof(Fail), input);
        }
    }

    public sealed class Upper : TaskActivity<string, string>
    {
        public override Task<string> RunAsync(TaskActivityContext context, string input)
        {
            ArgumentNullException.ThrowIfNull(input);
            return Task.FromResult(input.ToUpperInvariant());
        }
    }

    public sealed class Fail : TaskActivity<string, string>
    {
        public override Task<string> RunAsync(TaskActivityContext context, string input) => throw new InvalidOperationException($"cannot {input}");
    }
}
