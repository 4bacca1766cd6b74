using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Client;

/// <summary>What an instance id may be, and which statuses are those of a living one.</summary>
internal static class InstanceIds
{
    private const int MaxLength = 256;

    public static IReadOnlySet<OrchestrationRuntimeStatus> Live { get; } = new HashSet<OrchestrationRuntimeStatus>
    {
        OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Suspended, OrchestrationRuntimeStatus.ContinuedAsNew,
    };

    /// <exception cref="ArgumentException">It cannot be one.</exception>
    public static void Check(string instanceId)
    {
        if (instanceId.Length is 0 or > MaxLength || instanceId[0] == '@' || instanceId.Any(letter => letter is '/' or '\\' or '#' or '?') || !StorableText.IsStorable(instanceId))
            throw new ArgumentException($"'{instanceId}' cannot be an instance id: 1 to {MaxLength} characters, no leading @, none of / \\ # ? and no control characters.", nameof(instanceId));
    }
}
