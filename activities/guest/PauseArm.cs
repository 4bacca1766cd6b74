using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>What the watchdog must know to let a machine go on by itself.</summary>
/// <param name="Marker">Names this very freeze.</param>
/// <param name="Pool">Name of the pool in the settings.</param>
/// <param name="ExpiresAt">From then on the machine must run.</param>
public sealed record PauseArm(string Marker, string Pool, string VmUuid, DateTimeOffset ExpiresAt);

/// <param name="Unreadable">Nobody can tell whose pauses these stand for.</param>
public sealed record FoundArms(IReadOnlyList<PauseArm> Arms, IReadOnlyList<UnreadableArm> Unreadable);

/// <param name="File">Its name in the folder.</param>
public sealed record UnreadableArm(string File, string Why);

/// <summary>The watchdog's sign of life.</summary>
/// <param name="Guards">Arms that it has read, each as marker and end.</param>
public sealed record WatchdogBeat(DateTimeOffset At, int ProcessId, IReadOnlyList<string> Guards);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PauseArm))]
[JsonSerializable(typeof(WatchdogBeat))]
internal sealed partial class PauseJson : JsonSerializerContext;
