using System.Text.Json.Serialization;

namespace SnapshotWorkflows.Functions.Worker;

/// <summary>Addresses at which an instance can be watched and steered. They carry a key: hand them to the caller that started the instance only.</summary>
public sealed class HttpManagementPayload
{
    [JsonPropertyName("id")]
    public string? Id { get; init; }

    [JsonPropertyName("statusQueryGetUri")]
    public string? StatusQueryGetUri { get; init; }

    [JsonPropertyName("sendEventPostUri")]
    public string? SendEventPostUri { get; init; }

    [JsonPropertyName("terminatePostUri")]
    public string? TerminatePostUri { get; init; }

    [JsonPropertyName("purgeHistoryDeleteUri")]
    public string? PurgeHistoryDeleteUri { get; init; }

    [JsonPropertyName("suspendPostUri")]
    public string? SuspendPostUri { get; init; }

    [JsonPropertyName("resumePostUri")]
    public string? ResumePostUri { get; init; }

    [JsonPropertyName("rewindPostUri")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RewindPostUri { get; init; }

    [JsonPropertyName("restartPostUri")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RestartPostUri { get; init; }
}
