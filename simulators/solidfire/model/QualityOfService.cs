using System.Text.Json.Nodes;

namespace SnapshotWorkflows.Simulators.SolidFire.Model;

internal sealed record QualityOfService(long MinIops, long MaxIops, long BurstIops)
{
    public static QualityOfService Default { get; } = new(50, 15000, 15000);

    /// <summary>Reads a qos object over what holds now; an empty one changes nothing.</summary>
    public QualityOfService With(JsonObject? qos)
    {
        if (qos is null)
        {
            return this;
        }

        var read = new CallParameters(qos);
        var result = new QualityOfService(
            read.Identifier("minIOPS") ?? MinIops, read.Identifier("maxIOPS") ?? MaxIops, read.Identifier("burstIOPS") ?? BurstIops);
        if (result.MinIops is < 50 or > 15000 || result.MaxIops is < 100 or > 200000 || result.BurstIops is < 100 or > 200000)
        {
            throw ApiError.InvalidParameter("QoS values are out of range: minIOPS 50 to 15000, maxIOPS and burstIOPS 100 to 200000");
        }

        return result.MinIops <= result.MaxIops && result.MaxIops <= result.BurstIops
            ? result
            : throw ApiError.InvalidParameter("QoS values must satisfy minIOPS <= maxIOPS <= burstIOPS");
    }

    public static JsonObject Curve() => new()
    {
        ["4096"] = 100,
        ["8192"] = 160,
        ["16384"] = 270,
        ["32768"] = 500,
        ["65536"] = 1000,
        ["131072"] = 1950,
        ["262144"] = 3900,
        ["524288"] = 7600,
        ["1048576"] = 15000,
    };

    public JsonObject ToJson() => new()
    {
        ["burstIOPS"] = BurstIops,
        ["burstTime"] = 60,
        ["curve"] = Curve(),
        ["maxIOPS"] = MaxIops,
        ["minIOPS"] = MinIops,
    };
}
