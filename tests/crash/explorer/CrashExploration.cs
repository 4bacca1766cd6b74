using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash.Explorer;

/// <summary>Tries every crash point there is: it counts them as it goes and ends by itself when a life got through.</summary>
internal static class CrashExploration
{
    public static CrashTotals Totals { get; } = new();

    /// <param name="untilCaught">Ends with the first world that shows a fault: for mutants.</param>
    public static async Task<CrashReport> RunAsync(WorldOptions options, Action<DurableTaskRegistry> register, CancellationToken cancellation, bool untilCaught = false)
    {
        var faults = new List<string>();
        for (var point = 0; ; point++)
        {
            using var world = new CrashWorld(options);
            var crash = new CrashSwitch(point);
            try
            {
                await using var dying = new Life(world, crash, register);
                await dying.RunAsync(cancellation);
            }
            catch (Exception death) when (Life.IsCrash(death))
            {
                // As planned: the next life finds what this one left.
            }

            await using var second = new Life(world, CrashSwitch.Never, register);
            try
            {
                var ended = await second.RunAsync(cancellation);
                var found = await WorldChecker.FaultsAsync(world, second, ended, mustSucceed: true, cancellation);
                faults.AddRange(found.Select(fault => $"#{point} {crash.DiedAt ?? "(no death)"}: {fault}"));
                if (options.ProductVersion == "8" && world.Faults.CallsOf("solidfire", "CloneVolume") != 1) faults.Add($"#{point} {crash.DiedAt}: {world.Faults.CallsOf("solidfire", "CloneVolume")} clones were made");
                if (options.Quiesce == "none" && world.Faults.CallsOf("solidfire", "CreateSnapshot") != 1) faults.Add($"#{point} {crash.DiedAt}: {world.Faults.CallsOf("solidfire", "CreateSnapshot")} snapshots were made");
                var (copies, disks) = (world.Faults.CallsOf("xenserver", "VDI.copy"), world.Faults.CallsOf("xenserver", "VDI.create"));
                if (copies > disks) faults.Add($"#{point} {crash.DiedAt}: {copies} copies were made into {disks} disks");
            }
            catch (Exception stuck) when (stuck is not OperationCanceledException)
            {
                faults.Add($"#{point} {crash.DiedAt}: {stuck.GetType().Name}: {stuck.Message}");
            }

            if (crash.DiedAt is null || (untilCaught && faults.Count > 0)) return new CrashReport(crash.Seen, point + 1, faults);
        }
    }
}

/// <param name="Points">Points at which a life can die.</param>
/// <param name="Worlds">Worlds that were tried, the undisturbed one included.</param>
internal sealed record CrashReport(int Points, int Worlds, IReadOnlyList<string> Faults)
{
    public override string ToString() => $"{Points} crash points, {Worlds} worlds, {Faults.Count} faults";
}

/// <summary>Sums over all explorations of a run; printed at its end.</summary>
internal sealed class CrashTotals
{
    private int _points;
    private int _worlds;

    public void Add(CrashReport report)
    {
        Interlocked.Add(ref _points, report.Points);
        Interlocked.Add(ref _worlds, report.Worlds);
        Console.WriteLine($"crash explorer: {report.Points} crash points, {report.Worlds} worlds ({_points} points, {_worlds} worlds so far)");
    }
}
