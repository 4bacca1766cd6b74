using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>
/// Space, with the sums that recorded clusters keep: the sizes of all volumes are provisionedSpace and (zeroBlocks + nonZeroBlocks) of
/// 4 KiB; usedSpace is uniqueBlocksUsedSpace; five times maxProvisionedSpace may be promised. Nothing is compressed.
/// </summary>
internal sealed class CapacityCalls(Cluster cluster)
{
    private const int BlockBytes = 4096;

    public void Register(CallTable table)
    {
        table.Read("GetClusterCapacity", _ => new JsonObject { ["clusterCapacity"] = Capacity() });
        table.Read("GetClusterFullThreshold", _ => Thresholds());
    }

    private JsonObject Capacity()
    {
        var options = cluster.Options;
        var perDevice = cluster.Store.BlockSize / BlockBytes;
        var provisioned = cluster.ProvisionedSpace;
        var nonZero = cluster.Volumes.Values.Sum(volume => volume.Device.AllocatedBlocks) * perDevice;
        nonZero = Math.Min(nonZero, provisioned / BlockBytes);
        var inSnapshots = cluster.Snapshots.Values.Sum(snapshot => snapshot.Device.AllocatedBlocks) * perDevice;
        var unique = cluster.Store.AllocatedBlocks * perDevice;
        var used = unique * BlockBytes;
        var counters = cluster.Volumes.Values.Select(volume => volume.Counters).ToList();
        return new JsonObject
        {
            ["activeBlockSpace"] = used,
            ["activeSessions"] = cluster.Sessions.Count,
            ["averageIOPS"] = 0,
            ["clusterRecentIOSize"] = 0,
            ["currentIOPS"] = 0,
            ["maxIOPS"] = 200000,
            ["maxOverProvisionableSpace"] = options.ProvisionableSpace * 5,
            ["maxProvisionedSpace"] = options.ProvisionableSpace,
            ["maxUsedMetadataSpace"] = options.ProvisionableSpace / 50,
            ["maxUsedSpace"] = options.ProvisionableSpace,
            ["nonZeroBlocks"] = nonZero,
            ["peakActiveSessions"] = cluster.Sessions.Count,
            ["peakIOPS"] = 0,
            ["provisionedSpace"] = provisioned,
            ["snapshotNonZeroBlocks"] = inSnapshots,
            ["timestamp"] = Json.Time(cluster.Now),
            ["totalOps"] = counters.Sum(io => io.ReadOps + io.WriteOps),
            ["uniqueBlocks"] = unique,
            ["uniqueBlocksUsedSpace"] = used,
            ["usedMetadataSpace"] = used / 100,
            ["usedMetadataSpaceInSnapshots"] = inSnapshots * BlockBytes / 100,
            ["usedSpace"] = used,
            ["zeroBlocks"] = (provisioned / BlockBytes) - nonZero,
        };
    }

    /// <summary>Percentages are the vendor's defaults for a cluster whose stage 3 was not changed.</summary>
    private JsonObject Thresholds()
    {
        var fullness = ClusterFullness.Of(cluster);
        var (stage, total, used) = (fullness.Name, fullness.Total, fullness.Used);
        return new JsonObject
        {
            ["blockFullness"] = stage,
            ["fullness"] = stage,
            ["maxMetadataOverProvisionFactor"] = 5,
            ["metadataFullness"] = "stage1Happy",
            ["sliceReserveUsedThresholdPct"] = 5,
            ["stage2AwareThreshold"] = 3,
            ["stage2BlockThresholdBytes"] = fullness.Stage2,
            ["stage3BlockThresholdBytes"] = fullness.Stage3,
            ["stage3BlockThresholdPercent"] = 3,
            ["stage3LowThreshold"] = 2,
            ["stage4BlockThresholdBytes"] = fullness.Stage4,
            ["stage4CriticalThreshold"] = 1,
            ["stage5BlockThresholdBytes"] = total,
            ["sumTotalClusterBytes"] = total,
            ["sumTotalMetadataClusterBytes"] = total / 50,
            ["sumUsedClusterBytes"] = used,
            ["sumUsedMetadataClusterBytes"] = used / 100,
        };
    }
}
