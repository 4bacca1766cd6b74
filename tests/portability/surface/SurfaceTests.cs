using System.Reflection;
using Xunit;

namespace SnapshotWorkflows.Tests.Portability;

/// <summary>
/// Building this suite compiles the product's own sources against the public packages' signatures: that is the first test. These are the others.
/// </summary>
public sealed class SurfaceTests
{
    private static readonly Assembly s_packages = typeof(global::Microsoft.DurableTask.TaskOrchestrationContext).Assembly;

    private static readonly IReadOnlyDictionary<string, Type[]> s_ours = new[] { typeof(SnapshotWorkflows.Durable.TaskOrchestrationContext).Assembly, typeof(SnapshotWorkflows.Durable.Engine.DurableTaskRegistry).Assembly }
        .SelectMany(PublicSurface.TypesOf).GroupBy(PublicSurface.KeyOf, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.ToArray(), StringComparer.Ordinal);

    [Fact]
    public void Every_public_member_of_the_packages_is_ours_too_or_stands_in_the_table()
    {
        var table = MissingTable.Read();
        var unexplained = Missing().Where(member => !table.ContainsKey(member)).ToList();
        Assert.True(unexplained.Count == 0, $"not in the framework and not in docs/portability.md:\n{string.Join('\n', unexplained.Select(member => $"| `{member}` | why |"))}");
    }

    [Fact]
    public void The_table_lists_nothing_that_is_there()
    {
        var missing = Missing().ToHashSet(StringComparer.Ordinal);
        Assert.Empty(MissingTable.Read().Keys.Where(member => !missing.Contains(member)));
    }

    [Fact]
    public void The_product_was_compiled_against_the_packages_and_nothing_of_the_framework()
    {
        var app = Assembly.Load("SnapshotWorkflows.Tests.Portability.App");
        var references = app.GetReferencedAssemblies().Select(reference => reference.Name!).ToList();
        Assert.Contains(s_packages.GetName().Name, references);
        Assert.DoesNotContain(references, name => name.StartsWith("SnapshotWorkflows.Durable", StringComparison.Ordinal));
        foreach (var room in new[] { "Functions.Orchestrators", "Functions.Triggers", "Activities", "Contracts" })
        {
            Assert.Contains(app.GetTypes(), type => type.Namespace?.StartsWith($"SnapshotWorkflows.{room}", StringComparison.Ordinal) == true);
        }
    }

    [Fact]
    public void The_order_of_statuses_and_events_is_that_of_the_packages()
    {
        Assert.Equal(
            Enum.GetValues<Microsoft.DurableTask.Client.OrchestrationRuntimeStatus>().Select(status => ((int)status, status.ToString())),
            Enum.GetValues<SnapshotWorkflows.Durable.Client.OrchestrationRuntimeStatus>().Select(status => ((int)status, status.ToString())));
        Assert.Equal(
            Enum.GetValues<DurableTask.Core.History.EventType>().Select(kind => ((int)kind, kind.ToString())),
            Enum.GetValues<SnapshotWorkflows.Durable.History.EventType>().Select(kind => ((int)kind, kind.ToString())).Take((int)DurableTask.Core.History.EventType.ExecutionRewound + 1));
    }

    [Fact]
    public void The_comparison_sees_a_member_that_is_missing_or_bent()
    {
        Assert.Equal(
            ["Count: Int32 {get}", "Run<!!0>(!!0 value, Int32 times?): Task<!!0>", "new(String name)"],
            PublicSurface.MembersOf(typeof(Whole), false).Except(PublicSurface.OfferedBy(typeof(Bent))).Order(StringComparer.Ordinal));
        Assert.Empty(PublicSurface.MembersOf(typeof(Whole), false).Except(PublicSurface.OfferedBy(typeof(Derived))).Where(member => !member.StartsWith("new", StringComparison.Ordinal)));
    }

    private static IEnumerable<string> Missing()
    {
        foreach (var type in PublicSurface.TypesOf(s_packages).OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            if (!s_ours.TryGetValue(PublicSurface.KeyOf(type), out var ours))
            {
                yield return type.FullName!.Replace("`1", "<T>", StringComparison.Ordinal);
                continue;
            }

            var offered = ours.SelectMany(PublicSurface.OfferedBy).ToHashSet(StringComparer.Ordinal);
            foreach (var member in PublicSurface.MembersOf(type, inherited: false).Where(member => !offered.Contains(member)))
            {
                yield return $"{type.Name.Split('`')[0]}: {member}";
            }
        }
    }

    public class Whole(string name)
    {
        public int Count { get; } = name.Length;

        public Task<T> Run<T>(T value, int times = 1) => Task.FromResult(times > 0 ? value : throw new ArgumentOutOfRangeException(nameof(times)));
    }

    public sealed class Derived() : Whole("derived");

    public sealed class Bent
    {
        public long Count { get; }

        public Task<T> Run<T>(T value) => Task.FromResult(value);
    }
}
