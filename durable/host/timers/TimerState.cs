using System.Text.Json;
using System.Text.Json.Serialization;
using SnapshotWorkflows.Functions.Worker;

namespace SnapshotWorkflows.Durable.Host.Timers;

/// <summary>What all nodes know of one timer. Stored as JSON: only add optional members.</summary>
internal sealed record TimerState
{
    /// <summary>When the last run ended; the default before the first.</summary>
    public DateTime Last { get; init; }

    /// <summary>When the state was last brought forward; the next occurrence is counted from here.</summary>
    public DateTime LastUpdated { get; init; }

    /// <summary>The next occurrence as it was then; for people, as the schedule may have been changed since.</summary>
    public DateTime Next { get; init; }

    /// <summary>The process that runs the function now; null when none does.</summary>
    public string? Owner { get; init; }

    /// <summary>When the owner is to be taken for dead, unless it says otherwise before.</summary>
    public DateTime? LeaseUntil { get; init; }

    [JsonIgnore]
    public DateTime Since => Last > LastUpdated ? Last : LastUpdated;

    [JsonIgnore]
    public ScheduleStatus Status => new() { Last = Last, LastUpdated = LastUpdated, Next = Next };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, TimerStateJson.Default.TimerState);

    /// <exception cref="JsonException">The text is no state of a timer.</exception>
    public static TimerState Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, TimerStateJson.Default.TimerState) ?? throw new JsonException("null");
}

/// <param name="Revision">Names this very state when it is replaced.</param>
internal sealed record KeptTimer(long Revision, TimerState State);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TimerState))]
internal sealed partial class TimerStateJson : JsonSerializerContext;
