namespace SnapshotWorkflows.Secondary.Chunks.Keys;

/// <summary>A key that leaves and pages are encrypted with, by the id that packs carry.</summary>
internal sealed record DataKey(string Id, byte[] Secret)
{
    public override string ToString() => Id;
}
