using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using SnapshotWorkflows.Durable.Converters;

namespace SnapshotWorkflows.Durable.Client;

/// <summary>What a query tells about an instance.</summary>
public sealed class OrchestrationMetadata(string name, string instanceId)
{
    public string Name { get; } = name;

    public string InstanceId { get; } = instanceId;

    public DataConverter? DataConverter { get; init; }

    public OrchestrationRuntimeStatus RuntimeStatus { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset LastUpdatedAt { get; init; }

    /// <summary>JSON; null unless inputs and outputs were asked for.</summary>
    public string? SerializedInput { get; init; }

    public string? SerializedOutput { get; init; }

    public string? SerializedCustomStatus { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>Set for a failed instance when inputs and outputs were asked for.</summary>
    public TaskFailureDetails? FailureDetails { get; init; }

    /// <summary>Why the instance does not go on by itself: nobody has its code, its history cannot be read or does not fit. Not in the public package.</summary>
    public string? Reason { get; init; }

    /// <summary>Running only, as in the public package: neither Pending nor Suspended.</summary>
    public bool IsRunning => RuntimeStatus == OrchestrationRuntimeStatus.Running;

    /// <summary>Completed, Failed or Terminated.</summary>
    public bool IsCompleted => RuntimeStatus is OrchestrationRuntimeStatus.Completed or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated;

    /// <summary>Whether inputs and outputs were asked for.</summary>
    [MemberNotNullWhen(true, nameof(DataConverter))]
    public bool HasData => DataConverter is not null;

    public T? ReadInputAs<T>() => Read<T>(SerializedInput);

    public T? ReadOutputAs<T>() => Read<T>(SerializedOutput);

    public T? ReadCustomStatusAs<T>() => Read<T>(SerializedCustomStatus);

    public override string ToString() => $"[Name: '{Name}', ID: '{InstanceId}', RuntimeStatus: {RuntimeStatus}]";

    private T? Read<T>(string? data)
    {
        if (!HasData)
            throw new InvalidOperationException("The instance was fetched without inputs and outputs: pass getInputsAndOutputs: true.");
        return (DataConverter ?? JsonDataConverter.Default).Deserialize<T>(data);
    }
}
