using System.Text.Json.Nodes;
using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire.Calls;

/// <summary>What passes through volumes and nodes. Counters are real, latencies are not measured and are 0.</summary>
internal sealed class StatsCalls(Cluster cluster)
{
    public void Register(CallTable table)
    {
        table.Read("GetVolumeStats", parameters => new JsonObject { ["volumeStats"] = OfVolume(cluster.Volume(parameters.RequiredInteger("volumeID"))) });
        table.Read("ListVolumeStats", parameters => Listed(parameters, "volumeIDs", (volume, ids) => ids.Contains(volume.Id)), since: "7.0");
        table.Read("ListVolumeStatsByVolume", parameters => Listed(parameters, "", (_, _) => true));
        table.Read("ListVolumeStatsByAccount", parameters => Listed(parameters, "accounts", (volume, ids) => ids.Contains(volume.AccountId)));
        table.Read("ListVolumeStatsByVolumeAccessGroup", parameters => Listed(parameters, "volumeAccessGroups", (volume, ids) => cluster.AccessGroupsOf(volume).Any(ids.Contains)), since: "5.0");
        table.Read("GetVolumeEfficiency", parameters => Efficiency([cluster.Volume(parameters.RequiredInteger("volumeID"))]), since: "6.0");
        table.Read("GetAccountEfficiency", parameters =>
        {
            var account = cluster.Account(parameters.RequiredInteger("accountID"));
            return Efficiency([.. Active().Where(volume => volume.AccountId == account.Id)]);
        }, since: "6.0");
        table.Read("GetVolumeAccessGroupEfficiency", parameters =>
        {
            var group = cluster.AccessGroup(parameters.RequiredInteger("volumeAccessGroupID"));
            return Efficiency([.. Active().Where(volume => group.Volumes.Contains(volume.Id))]);
        }, since: "6.0");
        table.Read("GetClusterStats", _ => new JsonObject { ["clusterStats"] = OfCluster() });
        table.Read("ListNodeStats", _ => new JsonObject { ["nodeStats"] = new JsonObject { ["nodes"] = Json.Array(Enumerable.Range(1, cluster.Options.Nodes).Select(OfNode)) } }, since: "6.0");
        table.Read("GetNodeStats", parameters => new JsonObject { ["nodeStats"] = OfNode((int)parameters.RequiredInteger("nodeID")) });
        table.Read("ListVolumeQoSHistograms", parameters =>
        {
            var ids = parameters.Integers("volumeIDs");
            return new JsonObject { ["qosHistograms"] = Json.Array(Active().Where(volume => ids is not { Count: > 0 } || ids.Contains(volume.Id)).Select(Histogram)) };
        }, since: "9.0");
    }

    private IEnumerable<Volume> Active() => cluster.Volumes.Values.Where(volume => volume.Status == VolumeStatus.Active);

    private JsonObject Listed(CallParameters parameters, string filter, Func<Volume, IReadOnlyList<long>, bool> belongs)
    {
        var ids = filter.Length > 0 ? parameters.Integers(filter) : null;
        parameters.Accept("includeVirtualVolumes");
        return new JsonObject { ["volumeStats"] = Json.Array(Active().Where(volume => ids is not { Count: > 0 } || belongs(volume, ids)).Select(OfVolume)) };
    }

    private JsonObject OfVolume(Volume volume)
    {
        var (io, qos) = (volume.Counters, cluster.QosOf(volume));
        var operations = io.ReadOps + io.WriteOps;
        return new JsonObject
        {
            ["accountID"] = volume.AccountId,
            ["actualIOPS"] = 0,
            ["asyncDelay"] = null,
            ["averageIOPSize"] = operations == 0 ? 0 : (io.ReadBytes + io.WriteBytes) / operations,
            ["burstIOPSCredit"] = qos.BurstIops,
            ["clientQueueDepth"] = 0,
            ["desiredMetadataHosts"] = null,
            ["latencyUSec"] = 0,
            ["metadataHosts"] = new JsonObject { ["deadSecondaries"] = new JsonArray(), ["liveSecondaries"] = Json.Array([27L]), ["primary"] = 21 },
            // As the last garbage collection counted, not as things are now.
            ["nonZeroBlocks"] = volume.NonZeroBlocks,
            ["normalizedIOPS"] = 0,
            ["readBytes"] = io.ReadBytes,
            ["readBytesLastSample"] = 0,
            ["readLatencyUSec"] = 0,
            ["readLatencyUSecTotal"] = 0,
            ["readOps"] = io.ReadOps,
            ["readOpsLastSample"] = 0,
            ["samplePeriodMSec"] = 500,
            ["sliceIopsStats"] = new JsonObject { ["largeStatistics"] = Slice(volume), ["smallStatistics"] = Slice(volume) },
            ["throttle"] = 0.0,
            ["timestamp"] = Json.PreciseTime(cluster.Now),
            ["unalignedReads"] = io.UnalignedReads,
            ["unalignedWrites"] = io.UnalignedWrites,
            ["volumeAccessGroups"] = Json.Array(cluster.AccessGroupsOf(volume)),
            ["volumeID"] = volume.Id,
            ["volumeSize"] = volume.Device.Length,
            ["volumeUtilization"] = 0.0,
            ["writeBytes"] = io.WriteBytes,
            ["writeBytesLastSample"] = 0,
            ["writeLatencyUSec"] = 0,
            ["writeLatencyUSecTotal"] = 0,
            ["writeOps"] = io.WriteOps,
            ["writeOpsLastSample"] = 0,
            ["zeroBlocks"] = (volume.Device.Length / 4096) - volume.NonZeroBlocks,
        };
    }

    private static JsonObject Slice(Volume volume) => new()
    {
        ["averageReadIops"] = 0, ["averageTotalIops"] = 0, ["averageWriteIops"] = 0, ["nSamples"] = 24, ["peakReadIops"] = 0, ["peakTotalIops"] = 0, ["peakWriteIops"] = 0,
        ["sliceID"] = volume.Id,
    };

    private JsonObject OfCluster()
    {
        var counters = cluster.Volumes.Values.Select(volume => volume.Counters).ToList();
        var (reads, writes) = (counters.Sum(io => io.ReadOps), counters.Sum(io => io.WriteOps));
        var (readBytes, writeBytes) = (counters.Sum(io => io.ReadBytes), counters.Sum(io => io.WriteBytes));
        return new JsonObject
        {
            ["actualIOPS"] = 0,
            ["averageIOPSize"] = reads + writes == 0 ? 0 : (readBytes + writeBytes) / (reads + writes),
            ["clientQueueDepth"] = 0,
            ["clusterUtilization"] = 0.0,
            ["latencyUSec"] = 0,
            ["normalizedIOPS"] = 0,
            ["readBytes"] = readBytes,
            ["readBytesLastSample"] = 0,
            ["readLatencyUSec"] = 0,
            ["readLatencyUSecTotal"] = 0,
            ["readOps"] = reads,
            ["readOpsLastSample"] = 0,
            ["samplePeriodMsec"] = 500,
            ["servicesCount"] = cluster.Options.Nodes,
            ["servicesTotal"] = cluster.Options.Nodes,
            ["timestamp"] = Json.PreciseTime(cluster.Now),
            ["unalignedReads"] = counters.Sum(io => io.UnalignedReads),
            ["unalignedWrites"] = counters.Sum(io => io.UnalignedWrites),
            ["writeBytes"] = writeBytes,
            ["writeBytesLastSample"] = 0,
            ["writeLatencyUSec"] = 0,
            ["writeLatencyUSecTotal"] = 0,
            ["writeOps"] = writes,
            ["writeOpsLastSample"] = 0,
        };
    }

    private JsonObject OfNode(int node) => node < 1 || node > cluster.Options.Nodes ? throw ApiError.Unknown("Node", node) : new JsonObject
    {
        ["cBytesIn"] = 0, ["cBytesOut"] = 0, ["count"] = 1, ["cpu"] = 1, ["cpuTotal"] = 1, ["mBytesIn"] = 0, ["mBytesOut"] = 0,
        ["networkUtilizationCluster"] = 0, ["networkUtilizationStorage"] = 0,
        ["nodeHeat"] = new JsonObject { ["primaryTotalHeat"] = 0.0, ["recentPrimaryTotalHeat"] = 0.0, ["recentTotalHeat"] = 0.0, ["totalHeat"] = 0.0 },
        ["nodeID"] = node, ["readLatencyUSecTotal"] = 0, ["readOps"] = 0, ["sBytesIn"] = 0, ["sBytesOut"] = 0,
        ["ssLoadHistogram"] = new JsonObject { ["Bucket0"] = 0, ["Bucket1To19"] = 0, ["Bucket20To39"] = 0, ["Bucket40To59"] = 0, ["Bucket60To79"] = 0, ["Bucket80To100"] = 0 },
        ["timestamp"] = Json.PreciseTime(cluster.Now), ["usedMemory"] = 64L << 30, ["writeLatencyUSecTotal"] = 0, ["writeOps"] = 0,
    };

    private static JsonObject Histogram(Volume volume)
    {
        var zero = new JsonObject { ["Bucket0"] = 0, ["Bucket101Plus"] = 0, ["Bucket1To19"] = 0, ["Bucket20To39"] = 0, ["Bucket40To59"] = 0, ["Bucket60To79"] = 0, ["Bucket80To100"] = 0 };
        var sizes = new JsonObject
        {
            ["Bucket131072Plus"] = 0, ["Bucket16384To32767"] = 0, ["Bucket32768To65535"] = 0, ["Bucket4096To8191"] = 0, ["Bucket512To4095"] = 0, ["Bucket65536To131071"] = 0,
            ["Bucket8192To16383"] = 0,
        };
        return new JsonObject
        {
            ["histograms"] = new JsonObject
            {
                ["belowMinIopsPercentages"] = zero.DeepClone(), ["minToMaxIopsPercentages"] = zero.DeepClone(), ["readBlockSizes"] = sizes.DeepClone(),
                ["targetUtilizationPercentages"] = zero.DeepClone(), ["throttlePercentages"] = zero.DeepClone(), ["writeBlockSizes"] = sizes.DeepClone(),
            },
            ["timestamp"] = Json.PreciseTime(DateTimeOffset.UnixEpoch),
            ["volumeID"] = volume.Id,
        };
    }

    private JsonObject Efficiency(List<Volume> volumes)
    {
        var blocks = volumes.Sum(volume => volume.Device.Length / 4096);
        var held = volumes.Sum(volume => volume.NonZeroBlocks);
        return new JsonObject
        {
            ["compression"] = 1.0,
            ["deduplication"] = 1.0,
            ["missingVolumes"] = new JsonArray(),
            ["thinProvisioning"] = held == 0 ? 1.0 : (double)blocks / held,
            ["timestamp"] = Json.Time(cluster.LastCollection ?? cluster.Now),
        };
    }
}
