using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.VolumeSteps;

/// <summary>Makes sure that an id is used on the cluster it belongs to: the same number names another customer's disk elsewhere.</summary>
internal static class ClusterGuard
{
    public static async Task RequireClusterAsync(this SolidFireClient array, string clusterUuid, CancellationToken cancellation)
    {
        var cluster = await array.GetClusterInfoAsync(cancellation);
        if (!string.Equals(cluster.Uuid, clusterUuid, StringComparison.OrdinalIgnoreCase))
        {
            throw new StepFaultException(new StepFault(
                "array.other-cluster",
                FaultKind.Conflict,
                $"SolidFire:Endpoint leads to cluster {cluster.Uuid}, but this request works on cluster {clusterUuid}. Nothing was touched.",
                "Point SolidFire:Endpoint back at the cluster that the request began on."));
        }
    }
}
