using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>How a call of a function ended; a closed set, as it is a tag.</summary>
internal enum FunctionOutcome
{
    Succeeded,
    Failed,
    Cancelled,
}

/// <summary>Figures of the host's own work. Tags are closed sets: names of functions, triggers, outcomes.</summary>
internal sealed class HostMetrics(IMeterFactory factory)
{
    public const string MeterName = "SnapshotWorkflows.Host";

    private readonly Histogram<double> _duration = factory.Create(MeterName).CreateHistogram(
        "snapshotworkflows.host.function.duration",
        "s",
        "Wall time of one call of a function.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600, 3600] });

    public void Ran(string function, string trigger, FunctionOutcome outcome, TimeSpan elapsed) =>
        _duration.Record(elapsed.TotalSeconds, new TagList { { "function", function }, { "trigger", trigger }, { "outcome", outcome.ToString() } });
}
