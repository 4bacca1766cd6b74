using SnapshotWorkflows.Activities;
using SnapshotWorkflows.App;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Dies at every point of SnapshotVolume, once per world, starts again, and looks at what is there and what is left.</summary>
public sealed class SnapshotVolumeCrashes(ITestOutputHelper output)
{
    [Fact]
    public async Task Undisturbed_it_leaves_one_true_copy_and_nothing_else()
    {
        using var world = new CrashWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var ended = await life.RunAsync(TestContext.Current.CancellationToken);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: true, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("8", "none")]
    [InlineData("8", "hook")]
    [InlineData("7.1", "none")]
    public async Task A_death_at_any_point_ends_as_if_there_had_been_none(string version, string quiesce)
    {
        var report = await CrashExploration.RunAsync(new WorldOptions { ProductVersion = version, Quiesce = quiesce }, Composition.RegisterTasks, TestContext.Current.CancellationToken);
        output.WriteLine($"{version}, quiesce {quiesce}: {report}");
        CrashExploration.Totals.Add(report);
        Assert.True(report.Points > 100, $"only {report.Points} crash points: the explorer does not see the workflow");
        Assert.True(report.Faults.Count == 0, string.Join(Environment.NewLine, report.Faults.Take(40)));
    }

    [Fact]
    public async Task A_death_at_any_point_of_a_streamed_copy_ends_as_if_there_had_been_none()
    {
        var report = await CrashExploration.RunAsync(new WorldOptions { Copy = CopyMethods.Stream }, Composition.RegisterTasks, TestContext.Current.CancellationToken);
        output.WriteLine($"streamed: {report}");
        CrashExploration.Totals.Add(report);
        Assert.True(report.Points > 80, $"only {report.Points} crash points: the explorer does not see the workflow");
        Assert.True(report.Faults.Count == 0, string.Join(Environment.NewLine, report.Faults.Take(40)));
    }

    /// <summary>The explorer must see what it is there to see: a step that makes without looking first leaks.</summary>
    [Fact]
    public async Task The_naive_mutant_that_creates_without_looking_is_caught()
    {
        static void Mutate(DurableTaskRegistry registry)
        {
            registry.AddAllFrom(typeof(Functions.Orchestrators.SnapshotVolume).Assembly);
            foreach (var type in typeof(StepActivity<,>).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && type.IsDefined(typeof(DurableTaskAttribute), inherit: false)))
            {
                if (type.Name != StepNames.StartClone) registry.AddActivity(type);
            }

            registry.AddActivity<NaiveStartClone>();
        }

        var report = await CrashExploration.RunAsync(new WorldOptions(), Mutate, TestContext.Current.CancellationToken);
        output.WriteLine($"naive mutant: {report}");
        Assert.NotEmpty(report.Faults);
    }

    [DurableTask(StepNames.StartClone)]
    private sealed class NaiveStartClone(SolidFireClient array, Marker marker, IActivityExecution execution) : StepActivity<StartCloneInput, CloneReceipt>(execution)
    {
        protected override async Task<CloneReceipt> ExecuteAsync(StartCloneInput input, CancellationToken cancellation)
        {
            var started = await array.CloneVolumeAsync(
                new CloneVolumeRequest { VolumeId = input.Source.VolumeId, SnapshotId = input.SnapshotId, Name = input.Key.NameFor("clone"), Attributes = marker.Attributes(input.Key, "clone") },
                cancellation);
            return new CloneReceipt(input.Source with { VolumeId = started.VolumeId }, started.AsyncHandle);
        }
    }
}
