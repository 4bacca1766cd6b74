using System.Diagnostics;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Bench.Campaign;

/// <summary>SIGKILL so long after each start of the app, and a start at once, until told to stop; the app then runs.</summary>
internal sealed class CampaignKills(LabApp app, TimeSpan every)
{
    private readonly List<double> _starts = [];
    private double _processor;

    public int Kills { get; private set; }

    /// <summary>Seconds from start to the first healthy answer.</summary>
    public IReadOnlyList<double> Starts => _starts;

    /// <summary>Seconds of processor time that all lives of the app have used so far.</summary>
    public double Processor => _processor + ProcessorTime.Of(app.Process!.Id);

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
            _processor += ProcessorTime.Of(app.Process.Id);
            await app.Process.KillAsync();
            Kills++;
            started.Restart();
            await app.StartAsync(CancellationToken.None);
            _starts.Add(started.Elapsed.TotalSeconds);
        }
    }
}
