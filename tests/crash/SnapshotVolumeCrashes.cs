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

/// <summary>The undisturbed run, and the mutant that the explorer must catch.</summary>
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

        var report = await CrashExploration.RunAsync(new WorldOptions(), Mutate, TestContext.Current.CancellationToken, untilCaught: true);
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
