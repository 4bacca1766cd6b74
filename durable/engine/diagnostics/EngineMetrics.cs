using System.Diagnostics;
using System.Diagnostics.Metrics;
using SnapshotWorkflows.Durable.Client;

namespace SnapshotWorkflows.Durable.Engine.Diagnostics;

/// <summary>What the engine counts. Units are UCUM; tags are closed sets: outcomes, statuses, and the registered names of activities. Ids are on spans and in logs only.</summary>
internal sealed class EngineMetrics : IDisposable
{
    public const string MeterName = "SnapshotWorkflows.Durable";

    private readonly Meter _meter;
    private readonly Counter<long> _turns;
    private readonly Histogram<long> _batch;
    private readonly Counter<long> _fences;
    private readonly Counter<long> _replays;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _operations;
    private readonly Histogram<double> _seconds;

    public EngineMetrics(IMeterFactory? factory)
    {
        _meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        _turns = _meter.CreateCounter<long>("snapshotworkflows.durable.turns", "{turn}", "Turns committed.");
        _batch = _meter.CreateHistogram<long>("snapshotworkflows.durable.commit.size", "{unit}", "Units (turns, starts, messages, claims) in one transaction.");
        _fences = _meter.CreateCounter<long>("snapshotworkflows.durable.fences.lost", "{turn}", "Turns that came too late and were dropped.");
        _replays = _meter.CreateCounter<long>("snapshotworkflows.durable.replays", "{replay}", "Histories replayed to bring an instance back into memory.");
        _ended = _meter.CreateCounter<long>("snapshotworkflows.durable.instances.ended", "{instance}", "Instances that ended, by status.");
        _operations = _meter.CreateCounter<long>("snapshotworkflows.durable.entity.operations", "{operation}", "Operations of entities, by outcome.");
        _seconds = _meter.CreateHistogram<double>("snapshotworkflows.durable.activity.duration", "s", "Time of one attempt of an activity, by name and outcome.");
    }

    /// <summary>Lengths of queues and the age of what waits longest, asked for when somebody reads the meter.</summary>
    public void Observe(Func<int> ready, Func<int> waiting, Func<int> running, Func<int> hot, Func<TimeSpan> oldest)
    {
        _meter.CreateObservableGauge("snapshotworkflows.durable.instances.ready", ready, "{instance}", "Instances whose turn waits.");
        _meter.CreateObservableGauge("snapshotworkflows.durable.activities.waiting", waiting, "{attempt}", "Attempts that wait for a free place or for their limit.");
        _meter.CreateObservableGauge("snapshotworkflows.durable.activities.running", running, "{attempt}", "Attempts that run.");
        _meter.CreateObservableGauge("snapshotworkflows.durable.instances.hot", hot, "{instance}", "Instances in memory.");
        _meter.CreateObservableGauge("snapshotworkflows.durable.runnable.age", () => oldest().TotalSeconds, "s", "Age of the oldest instance whose turn waits.");
    }

    public void Committed(int units) => _batch.Record(units);

    public void TurnCommitted() => _turns.Add(1);

    public void FenceLost() => _fences.Add(1);

    public void Replayed() => _replays.Add(1);

    public void InstanceEnded(OrchestrationRuntimeStatus status) => _ended.Add(1, new KeyValuePair<string, object?>("status", status.ToString()));

    public void OperationEnded(bool succeeded) => _operations.Add(1, new KeyValuePair<string, object?>("outcome", succeeded ? "completed" : "failed"));

    /// <param name="outcome">completed, failed or abandoned.</param>
    public void AttemptEnded(string activity, string outcome, TimeSpan elapsed) =>
        _seconds.Record(elapsed.TotalSeconds, new TagList { { "activity", activity }, { "outcome", outcome } });

    public void Dispose() => _meter.Dispose();
}
