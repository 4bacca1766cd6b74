namespace SnapshotWorkflows.Simulators.SolidFire;

/// <summary>How full the block services are, in the stages by which a cluster refuses work.</summary>
/// <remarks>NetAppDocs/element-software api/reference_element_api_getclusterfullthreshold.adoc and the CLUSTER_FULLNESS notes of CreateSnapshot and CloneVolume.</remarks>
internal sealed record ClusterFullness(long Total, long Used)
{
    public long Stage2 => Total * 22 / 100;

    public long Stage3 => Total * 69 / 100;

    public long Stage4 => Total * 72 / 100;

    public string Name => Used >= Total ? "stage5CompletelyConsumed" : Used >= Stage4 ? "stage4Critical" : Used >= Stage3 ? "stage3Low" : Used >= Stage2 ? "stage2Aware" : "stage1Happy";

    public static ClusterFullness Of(Cluster cluster) => new(cluster.Options.ProvisionableSpace, cluster.Store.AllocatedBlocks * cluster.Store.BlockSize);

    /// <summary>At stages 4 and 5 no volume, clone or snapshot is made. The error's name is a guess.</summary>
    public static void Check(Cluster cluster)
    {
        if (Of(cluster) is { } fullness && fullness.Used >= fullness.Stage4)
        {
            throw ApiError.LimitExceeded($"The cluster is at {fullness.Name}: nothing can be made until space is freed");
        }
    }
}
