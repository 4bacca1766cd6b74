namespace SnapshotWorkflows.Durable.Engine;

public sealed class DurableEngineOptions
{
    /// <summary>Most units (turns, starts, messages, claims) in one transaction. 1 makes every commit a crash point of its own.</summary>
    public int MaxBatchSize { get; set; } = 256;

    /// <summary>Activities that run at the same time. Default ten per core, as in the public host.</summary>
    public int MaxConcurrentActivities { get; set; } = 10 * Environment.ProcessorCount;

    /// <summary>Limits of single activities, by name without regard to case; of this process, not of all that share the hub.</summary>
    public Dictionary<string, ActivityLimit> ActivityLimits { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Age (since their end) at which ended instances are purged with their children; null keeps them for ever.</summary>
    public TimeSpan? Retention { get; set; }

    /// <summary>The same for failed ones, which somebody may want to look at or rewind; null: <see cref="Retention"/>.</summary>
    public TimeSpan? RetentionOfFailed { get; set; }

    /// <summary>How often that is looked after. Default one hour.</summary>
    public TimeSpan RetentionInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Entities that work at the same time. Default ten per core, as in the public host.</summary>
    public int MaxConcurrentEntities { get; set; } = 10 * Environment.ProcessorCount;

    /// <summary>Most operations of one entity in one commit. Default 5000, as in the public host.</summary>
    public int MaxEntityOperationBatchSize { get; set; } = 5000;

    /// <summary>An operation that throws leaves neither state nor messages behind. Default true, as in the public host.</summary>
    public bool RollbackEntityOperationsOnExceptions { get; set; } = true;

    /// <summary>The version of instances that are started without one, and this process's own where <see cref="Version"/> is not set; null for none.</summary>
    public string? DefaultVersion { get; set; }

    /// <summary>What instances are matched against; null: <see cref="DefaultVersion"/>. Without either, versions are not looked at.</summary>
    public string? Version { get; set; }

    /// <summary>Instances whose version has a class of its own run always; for the others this decides.</summary>
    public VersionMatchStrategy VersionMatchStrategy { get; set; }

    public VersionFailureStrategy VersionFailureStrategy { get; set; }

    /// <summary>Most turns in one transaction. Turns run one after another; this bounds how many share a commit. Default 256.</summary>
    public int MaxConcurrentOrchestrators { get; set; } = 256;

    /// <summary>Most actions (calls, timers, signals, ...) of one execution; one more fails it: an orchestrator that loops without end must not fill the hub. Default 100,000.</summary>
    public int MaxOrchestrationActions { get; set; } = 100_000;

    /// <summary>Wait between polls of an HTTP call whose answer was 202 without Retry-After. Default 30 s, as in the public host.</summary>
    public TimeSpan HttpPollInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Instances kept in memory between turns; beyond it the one used least recently goes and is replayed when it is needed.</summary>
    public int MaxHotInstances { get; set; } = 10_000;

    /// <summary>Largest input, output, event or result, in UTF-8 bytes of JSON. Default 4 MiB.</summary>
    public int MaxPayloadBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Attempts of one call that ended with their process (deaths and restarts, not retries) after which it ends as failed. Default 20.</summary>
    public int MaxActivityAttempts { get; set; } = 20;

    /// <summary>
    /// Deaths of the process in the middle of one and the same turn, or of one operation of an entity, after which the instance ends (or is suspended, by
    /// <see cref="OnNonDeterminism"/>), or the operation fails. Default 6, at least 4: the first three count against whatever was under way, the rest only against what was tried alone.
    /// </summary>
    public int MaxDeaths { get; set; } = 6;

    /// <summary>What becomes of an instance whose history does not fit the code.</summary>
    public NonDeterminismAction OnNonDeterminism { get; set; }

    /// <summary>How long a stop waits for running activities to return after their tokens were cancelled.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Wait after a hub failure that is not a lost fence, before the work is tried again.</summary>
    public TimeSpan HubRetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Makes ids of instances, executions and requests. Default version 7 (RFC 9562), which begins with the time: instances that live at the same time lie side by side in the hub's tables.</summary>
    public Func<DateTimeOffset, Guid> NewId { get; set; } = Guid.CreateVersion7;

    /// <summary>Pump mode: moves the clock when there is nothing else to do. Null: the pump never moves it.</summary>
    public IClockDriver? ClockDriver { get; set; }

    /// <summary>Pump mode: exceptions of activities that stand for the death of the process; they leave the pump and nothing is recorded.</summary>
    public Func<Exception, bool>? IsCrash { get; set; }

    /// <summary>Pump mode: real time that a running activity gets before the clock moves to a timer due within <see cref="PumpPatienceHorizon"/>.</summary>
    public TimeSpan PumpGrace { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Pump mode: real time before the clock moves farther. Such timers are mostly deadlines of calls that are under way, and must not fire for a slow socket.</summary>
    public TimeSpan PumpLongGrace { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Pump mode: timers due sooner than this are taken for polls, later ones for deadlines.</summary>
    public TimeSpan PumpPatienceHorizon { get; set; } = TimeSpan.FromSeconds(11);
}

public enum NonDeterminismAction
{
    Fail,

    /// <summary>Keep it, visibly: fix the code, then resume.</summary>
    Suspend,
}
