namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>At which calls a workflow may be killed.</summary>
/// <param name="Effects">Calls that make something, each of which it makes at least once.</param>
/// <param name="CleanUps">Calls that take away or hand over, in its end.</param>
internal sealed record KillPlan(IReadOnlyList<(string System, string Method)> Effects, IReadOnlyList<(string System, string Method)> CleanUps)
{
    private static readonly (string System, string Method)[] s_attached = [("xenserver", "PBD.unplug"), ("xenserver", "PBD.destroy"), ("xenserver", "SR.forget"), ("solidfire", "RemoveVolumesFromVolumeAccessGroup")];

    /// <param name="streams">Only a hypervisor that copies makes a disk for it.</param>
    public static KillPlan Snapshot(bool streams)
    {
        (string System, string Method)[] effects =
        [
            ("solidfire", "CreateSnapshot"), ("solidfire", "CloneVolume"), ("solidfire", "AddVolumesToVolumeAccessGroup"),
            ("xenserver", "SR.introduce"), ("xenserver", "PBD.create"), ("xenserver", "PBD.plug"),
        ];
        return new KillPlan(streams ? effects : [.. effects, ("xenserver", "VDI.create"), ("xenserver", "VDI.copy")], [.. s_attached, ("solidfire", "DeleteVolume"), ("solidfire", "DeleteSnapshot")]);
    }

    /// <summary>As one snapshot's, with the array's calls for a group.</summary>
    public static KillPlan Group(bool streams)
    {
        var one = Snapshot(streams);
        return new KillPlan(
            [.. one.Effects.Where(call => call.Method != "CreateSnapshot"), ("solidfire", "CreateGroupSnapshot")],
            [.. one.CleanUps.Where(call => call.Method != "DeleteSnapshot"), ("solidfire", "DeleteGroupSnapshot")]);
    }

    public static KillPlan Restore { get; } = new(
        [("solidfire", "CreateVolume"), ("solidfire", "AddVolumesToVolumeAccessGroup"), ("xenserver", "SR.create"), ("xenserver", "VDI.create")],
        [.. s_attached, ("solidfire", "ModifyVolume")]);

    /// <summary>Of a policy's run: what it looks up, and what its snapshot makes.</summary>
    public static IReadOnlyList<(string System, string Method)>[] PolicyRun { get; } = [[("cloudstack", "listVolumes")], Snapshot(streams: false).Effects];

    /// <summary>Of an event of CloudStack's: what is looked up and what the copy of CloudStack's own snapshot makes, and then the result on it.</summary>
    public static IReadOnlyList<(string System, string Method)>[] Followed { get; } =
        [[("cloudstack", "listVolumes"), .. Snapshot(streams: false).Effects.Where(call => call.Method != "CreateSnapshot")], [("cloudstack", "createTags")]];
}
