using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Client;

internal static class Metadata
{
    /// <param name="withData">Whether inputs, outputs and what goes with them were asked for; a record from memory has them all.</param>
    public static OrchestrationMetadata Of(InstanceRecord record, bool withData, DataConverter converter) =>
        withData ? Of(record, converter) : Of(record with { Input = null, Output = null, CustomStatus = null, Failure = null }, null);

    /// <param name="converter">Null when inputs and outputs were not asked for.</param>
    public static OrchestrationMetadata Of(InstanceRecord record, DataConverter? converter)
    {
        var metadata = new OrchestrationMetadata(record.Name, record.InstanceId)
        {
            RuntimeStatus = record.Status,
            CreatedAt = record.CreatedAt,
            LastUpdatedAt = record.UpdatedAt,
            DataConverter = converter,
            SerializedInput = record.Input,
            SerializedOutput = record.Output,
            SerializedCustomStatus = record.CustomStatus,
            FailureDetails = record.Failure,
            Reason = record.Reason,
            Tags = record.Tags ?? System.Collections.Frozen.FrozenDictionary<string, string>.Empty,
        };
        return metadata;
    }
}
