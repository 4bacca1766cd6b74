using System.Diagnostics.Metrics;

namespace SnapshotWorkflows.Secondary.Metrics;

/// <summary>Instruments of all stores of a process; names and units in the manner of OpenTelemetry's conventions.</summary>
public sealed class StoreInstruments : IDisposable
{
    public const string MeterName = "SnapshotWorkflows.Secondary";

    private readonly Meter _meter = new(MeterName);

    public StoreInstruments()
    {
        Duration = _meter.CreateHistogram<double>("store.client.operation.duration", "s", "Duration of calls to secondary storage.");
        Bytes = _meter.CreateCounter<long>("store.client.transferred", "By", "Content carried to and from secondary storage.");
    }

    public Histogram<double> Duration { get; }

    public Counter<long> Bytes { get; }

    public void Dispose() => _meter.Dispose();
}
