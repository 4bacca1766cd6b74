using System.Diagnostics;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Bench.Campaign;

/// <summary>SIGKILL so long after each start of the app, and a start at once, until told to stop; the app then runs.</summary>
internal sealed class CampaignKills(LabApp app, TimeSpan every)
{
    private readonly List<double> _starts = [];

    public int Kills { get; private set; }

    /// <summary>Seconds from start to the first healthy answer.</summary>
    public IReadOnlyList<double> Starts => _starts;

    public async Task RunAsync(CancellationToken stop)
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await Task.Delay(every - started.Elapsed is var rest && rest > TimeSpan.Zero ? rest : TimeSpan.Zero, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            app.Process!.ThrowIfExited();
            await app.Process.KillAsync();
            Kills++;
            started.Restart();
            await app.StartAsync(CancellationToken.None);
            _starts.Add(started.Elapsed.TotalSeconds);
        }
    }
}
