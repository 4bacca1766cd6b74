using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace SnapshotWorkflows.Durable.Host.Metrics;

/// <summary>What one instrument has measured so far, by tags.</summary>
internal sealed class InstrumentSeries(Instrument instrument, IReadOnlyList<double> bounds)
{
    private readonly Lock _adding = new();
    private readonly SortedDictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly bool _isHistogram = Is(instrument, typeof(Histogram<>));

    /// <summary>Instruments that report where they stand, not by how much they moved.</summary>
    private readonly bool _isAbsolute = instrument.IsObservable || Is(instrument, typeof(Gauge<>));

    public Instrument Instrument => instrument;

    public bool IsCounter { get; } = Is(instrument, typeof(Counter<>)) || Is(instrument, typeof(ObservableCounter<>));

    /// <summary>An observed instrument tells all it has each time: what it no longer tells is gone.</summary>
    public void BeginObservation()
    {
        if (instrument.IsObservable)
        {
            lock (_adding)
            {
                _series.Clear();
            }
        }
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = LabelsOf(tags);
        lock (_adding)
        {
            if (!_series.TryGetValue(labels, out var series))
            {
                if (_series.Count >= MetricsCollector.MaxSeriesPerInstrument)
                {
                    Dropped++;
                    return;
                }

                series = new Series(_isHistogram ? bounds.Count : 0);
                _series.Add(labels, series);
            }

            if (_isHistogram)
            {
                series.Count++;
                series.Value += value;
                for (var i = 0; i < bounds.Count; i++)
                {
                    if (value <= bounds[i])
                    {
                        series.Buckets[i]++;
                    }
                }
            }
            else
            {
                series.Value = _isAbsolute ? value : series.Value + value;
            }
        }
    }

    /// <summary>Measurements left out because the instrument has too many series.</summary>
    public long Dropped { get; private set; }

    /// <summary>Writes the instrument in Prometheus's text format, version 0.0.4.</summary>
    public void Write(StringBuilder text)
    {
        var name = PrometheusName.Of(instrument, IsCounter);
        lock (_adding)
        {
            if (_series.Count == 0)
            {
                return;
            }

            if (!string.IsNullOrEmpty(instrument.Description))
            {
                text.Append("# HELP ").Append(name).Append(' ').Append(instrument.Description.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal)).Append('\n');
            }

            text.Append("# TYPE ").Append(name).Append(' ').Append(_isHistogram ? "histogram" : IsCounter ? "counter" : "gauge").Append('\n');
            foreach (var (labels, series) in _series)
            {
                if (_isHistogram)
                {
                    WriteHistogram(text, name, labels, series);
                }
                else
                {
                    Line(text, name, labels, series.Value);
                }
            }
        }
    }

    private void WriteHistogram(StringBuilder text, string name, string labels, Series series)
    {
        var prefix = labels.Length == 0 ? "" : $"{labels},";
        for (var i = 0; i < bounds.Count; i++)
        {
            Line(text, $"{name}_bucket", $"{prefix}le=\"{Number(bounds[i])}\"", series.Buckets[i]);
        }

        Line(text, $"{name}_bucket", $"{prefix}le=\"+Inf\"", series.Count);
        Line(text, $"{name}_sum", labels, series.Value);
        Line(text, $"{name}_count", labels, series.Count);
    }

    private static void Line(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var labels = new List<string>(tags.Length);
        foreach (var (key, value) in tags)
        {
            var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            labels.Add($"{PrometheusName.Label(key)}=\"{text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal)}\"");
        }

        labels.Sort(StringComparer.Ordinal);
        return string.Join(',', labels);
    }

    private static bool Is(Instrument instrument, Type open) => instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == open;

    private sealed class Series(int buckets)
    {
        public long[] Buckets { get; } = new long[buckets];

        public long Count { get; set; }

        public double Value { get; set; }
    }
}
