using SnapshotWorkflows.App;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Engine;

namespace SnapshotWorkflows.Tests.Crash.Explorer;

/// <summary>The product's own tasks, of which one step fails once, before it does anything: "no, and no again", as an appliance, a store or the catalog may say at any step.</summary>
internal sealed class FailingSteps(int fatalStep, Func<string, bool>? counts = null)
{
    private int _seen;

    /// <summary>The step that failed; null when there were not so many.</summary>
    public string? FailedAt { get; private set; }

    public void Register(DurableTaskRegistry registry)
    {
        var product = new DurableTaskRegistry();
        Composition.RegisterTasks(product);
        foreach (var (name, make) in product.GetOrchestrators()) registry.AddOrchestrator(name, default, () => make(null!));
        foreach (var (name, make) in product.GetEntities()) registry.AddEntity(name, make);
        foreach (var (name, make) in product.GetActivities()) registry.AddActivity(name, default, services => new Step(make(services), name.Name, this));
    }

    private void Point(string step)
    {
        if (counts is not null && !counts(step)) return;
        if (Interlocked.Increment(ref _seen) - 1 != fatalStep) return;
        FailedAt = step;
        throw new StepFaultException(new StepFault("test.rejected", FaultKind.Rejected, $"Step {step} is refused by the test.", "None."));
    }

    private sealed class Step(ITaskActivity real, string name, FailingSteps plan) : ITaskActivity
    {
        public Type InputType => real.InputType;

        public Type OutputType => real.OutputType;

        public Task<object?> RunAsync(TaskActivityContext context, object? input)
        {
            plan.Point(name);
            return real.RunAsync(context, input);
        }
    }
}
