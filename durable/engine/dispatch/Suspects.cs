using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <summary>
/// What was under way when processes died, again and again: instances by the hub's count, calls by their attempts. They are tried one at a time, each after a mark in the
/// hub, so that the next death tells whose it was, and what only happened to be near it is not held guilty. Owned by the dispatcher.
/// </summary>
internal sealed class Suspects
{
    /// <summary>A suspect that has run for so long holds up the others no more.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly HashSet<string> _instances = new(StringComparer.Ordinal);
    private readonly Queue<string> _ready = [];
    private readonly HashSet<string> _isReady = new(StringComparer.Ordinal);
    private readonly Queue<PendingClaim> _calls = [];
    private object? _onTrial;
    private DateTimeOffset _patienceEnds;

    public void Add(string instanceId) => _instances.Add(instanceId);

    public void Add(PendingClaim call) => _calls.Enqueue(call);

    public static bool IsSuspect(int attempts) => attempts >= PendingWork.SuspectAfter;

    public bool Has(string instanceId) => _instances.Count > 0 && _instances.Contains(instanceId);

    /// <returns>True when the instance is a suspect: its turn comes by itself.</returns>
    public bool Defer(string instanceId)
    {
        if (_instances.Count == 0 || !_instances.Contains(instanceId))
            return false;
        if (_isReady.Add(instanceId))
            _ready.Enqueue(instanceId);
        return true;
    }

    /// <summary>Whether one waits that may be tried now.</summary>
    public bool AreDue(DateTimeOffset now) => _ready.Count + _calls.Count > 0 && (_onTrial is null || now >= _patienceEnds);

    /// <summary>When the next may be tried although the one before has not ended.</summary>
    public DateTimeOffset? NextLook => _ready.Count + _calls.Count > 0 && _onTrial is not null ? _patienceEnds : null;

    /// <summary>Takes the next instance, and from now on it is none any more, unless the hub says so again.</summary>
    public bool TryTake(out string instanceId)
    {
        if (!_ready.TryDequeue(out instanceId!))
            return false;
        _isReady.Remove(instanceId);
        _instances.Remove(instanceId);
        return true;
    }

    public bool TryTake(out PendingClaim call) => _calls.TryDequeue(out call!);

    /// <param name="who">An entity's id, or the key of a call.</param>
    public void Begin(object who, DateTimeOffset now) => (_onTrial, _patienceEnds) = (who, now + s_patience);

    /// <summary>The clock was set back by so much.</summary>
    public void SetBack(TimeSpan by)
    {
        if (_onTrial is not null)
            _patienceEnds -= by;
    }

    public void End(object who)
    {
        if (who.Equals(_onTrial))
            _onTrial = null;
    }

    /// <summary>The instances belong to other nodes now; a call is asked for again, and refused then.</summary>
    public void Clear()
    {
        _instances.Clear();
        _ready.Clear();
        _isReady.Clear();
        _onTrial = null;
    }
}
