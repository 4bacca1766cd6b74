using System.Text.Json.Nodes;

namespace SnapshotWorkflows.SolidFire;

/// <summary>What ModifyAccount changes; null leaves a field as it is.</summary>
public sealed record AccountChanges
{
    public string? Username { get; init; }

    /// <summary><c>active</c> or <c>locked</c>: a locked account logs in nowhere.</summary>
    public string? Status { get; init; }

    /// <summary>Whether the account's secrets open its volumes at all.</summary>
    public bool? EnableChap { get; init; }

    /// <summary>12 to 16 characters.</summary>
    public ChapSecret? InitiatorSecret { get; init; }

    /// <summary>12 to 16 characters, other than the initiator's.</summary>
    public ChapSecret? TargetSecret { get; init; }

    /// <summary>Replaces ALL attributes: read, merge and write to keep the others.</summary>
    public JsonObject? Attributes { get; init; }
}
