using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace SnapshotWorkflows.Durable.Host.Metrics;

/// <summary>
/// Listens to the meters of this process whose names begin with one of the prefixes and adds up what they measure. Series are bounded: an instrument whose
/// tags are no closed set fills its share and no more, and what was left out is counted.
/// </summary>
internal sealed class MetricsCollector : IDisposable
{
    public const int MaxSeriesPerInstrument = 1000;

    /// <summary>In seconds, for histograms that name no bounds: from a millisecond to an hour.</summary>
    private static readonly double[] s_bounds = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600, 3600];

    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, InstrumentSeries> _instruments = new();
    private readonly IReadOnlyList<string> _prefixes;

    public MetricsCollector(params IReadOnlyList<string> prefixes)
    {
        _prefixes = prefixes;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_prefixes.Any(prefix => instrument.Meter.Name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                listener.EnableMeasurementEvents(instrument, _instruments.GetOrAdd(instrument, static created => new InstrumentSeries(created, BoundsOf(created))));
            }
        };
        _listener.SetMeasurementEventCallback<byte>(static (_, value, tags, state) => ((InstrumentSeries)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<short>(static (_, value, tags, state) => ((InstrumentSeries)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((InstrumentSeries)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((InstrumentSeries)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, state) => ((InstrumentSeries)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((InstrumentSeries)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, state) => ((InstrumentSeries)state!).Record((double)value, tags));
        _listener.MeasurementsCompleted = (instrument, _) => _instruments.TryRemove(instrument, out var _);
        _listener.Start();
    }

    /// <summary>Times that an observable instrument threw when it was asked.</summary>
    public long Failures { get; private set; }

    /// <summary>What the last of them threw.</summary>
    public Exception? LastFailure { get; private set; }

    /// <summary>Asks the observable instruments, then tells what all of them stand at.</summary>
    public IReadOnlyList<InstrumentSeries> Collect()
    {
        foreach (var series in _instruments.Values)
        {
            series.BeginObservation();
        }

        try
        {
            _listener.RecordObservableInstruments();
        }
        catch (Exception failure)
        {
            // One instrument that cannot tell must not hide what all others tell; it is counted and logged instead.
            Failures++;
            LastFailure = failure;
        }

        return [.. _instruments.Values.OrderBy(series => series.Instrument.Name, StringComparer.Ordinal)];
    }

    public void Dispose() => _listener.Dispose();

    private static IReadOnlyList<double> BoundsOf(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => bounds,
        Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(bound => (double)bound)],
        Histogram<int> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(bound => (double)bound)],
        _ => s_bounds,
    };
}
