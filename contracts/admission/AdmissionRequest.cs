namespace SnapshotWorkflows.Contracts;

/// <summary>A workflow's wish for slots. Asked again it keeps its place.</summary>
/// <param name="Instance">The workflow's instance id: who is told, and who gives back.</param>
/// <param name="Stage">A workflow asks for what it knows first, and for the rest once it has looked: each stage is a wish of its own.</param>
/// <param name="Slots">All or none of them are granted: <c>kind:name</c>, see <see cref="AdmissionSlots"/>.</param>
/// <param name="Account">CloudStack's account, for fairness; empty where unknown.</param>
/// <param name="Priority">Higher goes first.</param>
public sealed record AdmissionRequest(string Instance, int Stage, IReadOnlyList<string> Slots, string Account, int Priority)
{
    /// <summary>The snapshot whose copy the workflow reads, or that it goes back to: while it has, or waits for, its slots, that is not deleted. No slot, for any number may read one.</summary>
    public RequestKey? Reads { get; init; }
}

/// <summary>What a workflow still holds while a clean-up of its own does not end: the slots of these kinds; the others are given back.</summary>
/// <param name="Kinds">What stands before the colon in <see cref="AdmissionSlots"/>.</param>
public sealed record AdmissionReduction(string Instance, IReadOnlyList<string> Kinds)
{
    /// <summary>It still needs the snapshot that it reads; else it is given up with the slots.</summary>
    public bool Reads { get; init; }
}

/// <param name="Place">1 is next among those that wait; 0 when granted.</param>
/// <param name="Reason">Why it waits, for people.</param>
/// <param name="Until">When the wait ends at the earliest, where that is known.</param>
public sealed record AdmissionAnswer(bool Granted, int Place, string? Reason, DateTimeOffset? Until);

/// <summary>Names of slots.</summary>
public static class AdmissionSlots
{
    /// <summary>Kinds of slots that something left behind takes up itself: the volume it is of, and a clone's place on the array.</summary>
    public static IReadOnlyList<string> OfWhatIsThere { get; } = ["volume", ArrayKind];

    /// <summary>Of the slots that bear the id of an array's cluster.</summary>
    public const string ArrayKind = "array";

    public static string KindOf(string slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        return slot[..slot.IndexOf(':', StringComparison.Ordinal)];
    }

    public static string Volume(string volumeId) => $"volume:{volumeId}";

    /// <summary>The array's volume, however it was asked for: one that CloudStack names may be asked for by the array's name too.</summary>
    public static string VolumeOf(ArrayVolume volume) => Volume(SnapshotVolumeInput.VolumeIdOf(volume));

    public static string Account(string account) => $"account:{account}";

    public static string Array(string clusterUuid) => $"{ArrayKind}:{clusterUuid}";

    public static string Host(string hostUuid) => $"host:{hostUuid}";

    public static string Store(string destination) => $"store:{destination}";
}
