using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Functions.Orchestrators;

namespace SnapshotWorkflows.App.Starts;

/// <summary>Which workflows work under a key, and under which by their input: only as the instance of that key is what they make, and what they tell, one thing and not two.</summary>
internal static class WorkKeys
{
    private static readonly Dictionary<Type, Func<object, RequestKey>> s_of = new()
    {
        [typeof(SnapshotVolumeInput)] = input => ((SnapshotVolumeInput)input).Key,
        [typeof(SnapshotGroupInput)] = input => ((SnapshotGroupInput)input).Key,
        [typeof(RestoreVolumeInput)] = input => ((RestoreVolumeInput)input).Key,
        [typeof(RevertVolumeInput)] = input => ((RevertVolumeInput)input).Key,
        [typeof(HoldSnapshotInput)] = input => ((HoldSnapshotInput)input).Request,
        [typeof(DeleteSnapshotInput)] = input => ((DeleteSnapshotInput)input).Instance,
        [typeof(FollowSnapshotInput)] = input => ((FollowSnapshotInput)input).Instance,
        [typeof(PolicyOccurrence)] = input => ((PolicyOccurrence)input).Instance,
        [typeof(ExpireSnapshotsInput)] = input => ExpireSnapshotsInput.InstanceOf(((ExpireSnapshotsInput)input).Policy.Name),
        [typeof(CloudEvent)] = input => ((CloudEvent)input).Instance,
        [typeof(ReportSnapshotInput)] = input => ((ReportSnapshotInput)input).Instance,
    };

    /// <summary>The instance whose work it is; null where any id will do.</summary>
    public static RequestKey? Of(object input) => s_of.TryGetValue(input.GetType(), out var key) ? key(input) : null;

    /// <summary>Whether it must not be done twice. A report is the same bytes under the same event id however often it is sent: whoever receives it tells them apart.</summary>
    public static bool IsOnce(string workflow) => workflow != nameof(ReportSnapshot) && WorkStartGuard.Inputs.TryGetValue(workflow, out var input) && s_of.ContainsKey(input);
}
