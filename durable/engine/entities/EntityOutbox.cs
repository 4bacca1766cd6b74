using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Entities;

/// <summary>What the operations of a batch have sent and started so far.</summary>
internal sealed class EntityOutbox(string executionId, long revision)
{
    private int _ids;

    public List<OutgoingMessage> Messages { get; } = [];

    public List<StartInstance> Starts { get; } = [];

    /// <summary>Derived, not random: a batch that runs again after a crash sends and starts the same.</summary>
    public string NextId() => Replay.NameBasedGuid.Create($"{executionId}_{revision}_{_ids++}").ToString("N");

    public (int Messages, int Starts) Mark() => (Messages.Count, Starts.Count);

    /// <summary>Takes back what an operation did that has thrown.</summary>
    public void Rollback((int Messages, int Starts) mark)
    {
        Messages.RemoveRange(mark.Messages, Messages.Count - mark.Messages);
        Starts.RemoveRange(mark.Starts, Starts.Count - mark.Starts);
    }
}
