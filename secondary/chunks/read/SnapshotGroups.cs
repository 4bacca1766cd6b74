using System.Runtime.CompilerServices;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Chunks.Read;

/// <summary>The records of one group of a disk; none of zeros.</summary>
internal sealed record SnapshotGroup(long Group, IReadOnlyList<IndexRecord> Records)
{
    /// <summary>Hashes of all the group's leaves.</summary>
    public LeafHash[] Hashes(LeafTree tree)
    {
        var hashes = new LeafHash[tree.LeavesIn(Group)];
        for (var i = 0; i < hashes.Length; i++)
            hashes[i] = tree.ZerosAt(Group * tree.LeavesPerGroup + i);
        foreach (var record in Records)
            hashes[(int)(record.Leaf - Group * tree.LeavesPerGroup)] = record.Hash;
        return hashes;
    }
}

internal static class SnapshotGroups
{
    /// <summary>Groups that hold data, ascending.</summary>
    public static async IAsyncEnumerable<SnapshotGroup> OfAsync(LayeredIndex index, LeafTree tree, long firstGroup, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var records = new List<IndexRecord>();
        long group = -1;
        await foreach (var record in index.RecordsAsync((uint)(firstGroup * tree.LeavesPerGroup), cancellation))
        {
            // A disk that shrank has leaves beyond its end in the layers it shares.
            if (record.IsZeros || record.Leaf >= tree.LeafCount)
                continue;
            var at = record.Leaf / tree.LeavesPerGroup;
            if (at != group && records.Count > 0)
            {
                yield return new SnapshotGroup(group, [.. records]);
                records.Clear();
            }
            group = at;
            records.Add(record);
        }
        if (records.Count > 0)
            yield return new SnapshotGroup(group, [.. records]);
    }
}
