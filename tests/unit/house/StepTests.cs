using System.Reflection;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;

namespace SnapshotWorkflows.Tests.Unit.House;

/// <summary>Every step has one activity, with the types that the workflow calls it with.</summary>
public sealed class StepTests
{
    [Fact]
    public void Every_step_has_exactly_one_activity_with_its_types()
    {
        var activities = typeof(StepActivity<,>).Assembly.GetTypes()
            .Where(type => type.GetCustomAttribute<DurableTaskAttribute>() is not null)
            .ToLookup(type => type.GetCustomAttribute<DurableTaskAttribute>()!.Name.Name, StringComparer.Ordinal);
        foreach (var field in typeof(Steps).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            var step = field.GetValue(null)!;
            var name = (string)step.GetType().GetProperty("Name")!.GetValue(step)!;
            var activity = Assert.Single(activities[name]);
            Assert.Equal(field.FieldType.GetGenericArguments(), activity.BaseType!.GetGenericArguments());
            Assert.Equal(field.Name, name);
        }
    }

    [Fact]
    public void Every_step_name_is_a_step()
    {
        var names = typeof(StepNames).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetValue(null)!);
        var steps = typeof(Steps).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.Name);
        Assert.Equal(names.Order(StringComparer.Ordinal), steps.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_step_has_its_paragraph_in_the_failure_model()
    {
        var text = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "failure-model.md"));
        Assert.Empty(typeof(StepNames).GetFields().Select(field => field.Name).Where(name => !text.Contains($"| {name} |", StringComparison.Ordinal)));
    }
}
