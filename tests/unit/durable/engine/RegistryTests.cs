using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Engine;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>Every way to register code, and what becomes of its input and output.</summary>
public sealed class RegistryTests
{
    [Fact]
    public async Task Delegates_of_every_shape_are_orchestrators()
    {
        var ran = new List<string>();
        var registry = new DurableTaskRegistry()
            .AddOrchestratorFunc<string, string>("a", (_, input) => Task.FromResult(input + "!"))
            .AddOrchestratorFunc<string, string>("b", (_, input) => input + "?")
            .AddOrchestratorFunc<string>("c", (_, input) => Note(ran, input))
            .AddOrchestratorFunc<string>("d", _ => Task.FromResult("d"))
            .AddOrchestratorFunc("e", _ => Note(ran, "e"))
            .AddOrchestratorFunc<int>("f", _ => 6)
            .AddOrchestratorFunc<string>("g", (_, input) => ran.Add(input))
            .AddOrchestratorFunc("h", _ => ran.Add("h"))
            .AddOrchestratorFunc<string, string>("a", "2", (_, input) => Task.FromResult(input + "2"));
        Assert.Equal("x!", await RunAsync(registry, "a", "x"));
        Assert.Equal("x?", await RunAsync(registry, "b", "x"));
        Assert.Null(await RunAsync(registry, "c", "x"));
        Assert.Equal("d", await RunAsync(registry, "D", null));
        Assert.Null(await RunAsync(registry, "e", null));
        Assert.Equal(6, await RunAsync(registry, "f", null));
        Assert.Null(await RunAsync(registry, "g", "y"));
        Assert.Null(await RunAsync(registry, "h", null));
        Assert.Equal(["x", "e", "y", "h"], ran);
        Assert.Equal(["a", "a", "b", "c", "d", "e", "f", "g", "h"], registry.GetOrchestrators().Select(entry => entry.Key.Name).Order(StringComparer.Ordinal));
        Assert.Throws<ArgumentException>(() => registry.AddOrchestratorFunc("A", _ => ran.Add("again")));
    }

    [Fact]
    public async Task Delegates_of_every_shape_are_activities()
    {
        var ran = new List<string>();
        var registry = new DurableTaskRegistry()
            .AddActivityFunc<string, string>("a", (_, input) => Task.FromResult(input + "!"))
            .AddActivityFunc<string, string>("b", (_, input) => input + "?")
            .AddActivityFunc<string>("c", (_, input) => Note(ran, input))
            .AddActivityFunc<string>("d", _ => Task.FromResult("d"))
            .AddActivityFunc("e", _ => Note(ran, "e"))
            .AddActivityFunc<int>("f", _ => 6)
            .AddActivityFunc<string>("g", (_, input) => ran.Add(input))
            .AddActivityFunc("h", _ => ran.Add("h"));
        var outputs = new List<object?>();
        foreach (var (_, factory) in registry.GetActivities().OrderBy(entry => entry.Key.Name, StringComparer.Ordinal))
        {
            var activity = factory(new Nothing());
            outputs.Add(await activity.RunAsync(null!, activity.InputType == typeof(string) ? "x" : null));
        }

        Assert.Equal(["x!", "x?", null, "d", null, 6, null, null], outputs);
        Assert.Equal(["x", "e", "x", "h"], ran);
    }

    [Fact]
    public async Task Instances_and_types_take_the_name_that_is_given()
    {
        var type = typeof(Double);
        var registry = new DurableTaskRegistry()
            .AddOrchestrator("one", new Double())
            .AddOrchestrator(new Double())
            .AddOrchestrator("two", type)
            .AddOrchestrator<Double>("three")
            .AddOrchestrator("four", () => new Double());
        foreach (var name in new[] { "one", "double", "two", "three", "four" })
        {
            Assert.Equal(4, await RunAsync(registry, name, 2));
        }
    }

    private static Task<object?> RunAsync(DurableTaskRegistry registry, string name, object? input) =>
        registry.GetOrchestrators().First(entry => entry.Key == name).Value(new Nothing()).RunAsync(null!, input);

    private static Task Note(List<string> ran, string what)
    {
        ran.Add(what);
        return Task.CompletedTask;
    }

    private sealed class Double : TaskOrchestrator<int, int>
    {
        public override Task<int> RunAsync(TaskOrchestrationContext context, int input) => Task.FromResult(2 * input);
    }

    private sealed class Nothing : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
