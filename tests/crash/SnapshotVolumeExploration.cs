using SnapshotWorkflows.App;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>
/// Dies at every point of SnapshotVolume, once per world, starts again, and looks at what is there and what is left. A class for each kind of world, for classes run side by side.
/// </summary>
public abstract class SnapshotVolumeExploration(ITestOutputHelper output)
{
    private protected abstract WorldOptions Options { get; }

    [Fact]
    public async Task A_death_at_any_point_ends_as_if_there_had_been_none()
    {
        var report = await CrashExploration.RunAsync(Options, Composition.RegisterTasks, TestContext.Current.CancellationToken);
        output.WriteLine($"{Options}: {report}");
        CrashExploration.Totals.Add(report);
        Assert.True(report.Points > 80, $"only {report.Points} crash points: the explorer does not see the workflow");
        Assert.True(report.Faults.Count == 0, string.Join(Environment.NewLine, report.Faults.Take(40)));
    }
}

public sealed class DeathsInADedicatedPool(ITestOutputHelper output) : SnapshotVolumeExploration(output)
{
    private protected override WorldOptions Options => new();
}

public sealed class DeathsWithAHook(ITestOutputHelper output) : SnapshotVolumeExploration(output)
{
    private protected override WorldOptions Options => new() { Quiesce = "hook" };
}

public sealed class DeathsWithResigning(ITestOutputHelper output) : SnapshotVolumeExploration(output)
{
    private protected override WorldOptions Options => new() { ProductVersion = "7.1" };
}

public sealed class DeathsOfAStreamedCopy(ITestOutputHelper output) : SnapshotVolumeExploration(output)
{
    private protected override WorldOptions Options => new() { Copy = CopyMethods.Stream };
}

public sealed class DeathsOfACopyInChunks(ITestOutputHelper output) : SnapshotVolumeExploration(output)
{
    private protected override WorldOptions Options => new() { Copy = CopyMethods.Stream, Format = DataFormats.Chunks };
}
