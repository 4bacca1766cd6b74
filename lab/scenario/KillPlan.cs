namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>At which calls a workflow may be killed.</summary>
/// <param name="Effects">Calls that make something, each of which it makes at least once.</param>
/// <param name="CleanUps">Calls that take away or hand over, in its end.</param>
/// <param name="Reads">How often the copy reads from the host at least, so that one of the reads can be held up; 0: it is caught by its progress.</param>
internal sealed record KillPlan(IReadOnlyList<(string System, string Method)> Effects, IReadOnlyList<(string System, string Method)> CleanUps, int Reads = 0)
{
    /// <summary>The app asks for no more at a time.</summary>
    private const int ReadBytes = 1 << 20;

    private static readonly (string System, string Method)[] s_attached = [("xenserver", "PBD.unplug"), ("xenserver", "PBD.destroy"), ("xenserver", "SR.forget"), ("solidfire", "RemoveVolumesFromVolumeAccessGroup")];

    /// <summary>Only a hypervisor that copies makes a disk for it. One that exports over HTTP, as 7.1 does, answers a single request.</summary>
    public static KillPlan Snapshot(RunOptions options) => Snapshot(options.Streams) with { Reads = options is { Streams: true, XenServer: "8" } ? (int)(options.DiskBytes / ReadBytes) : 0 };

    private static KillPlan Snapshot(bool streams)
    {
        (string System, string Method)[] effects =
        [
            ("solidfire", "CreateSnapshot"), ("solidfire", "CloneVolume"), ("solidfire", "AddVolumesToVolumeAccessGroup"),
            ("xenserver", "SR.introduce"), ("xenserver", "PBD.create"), ("xenserver", "PBD.plug"),
        ];
        return new KillPlan(streams ? effects : [.. effects, ("xenserver", "VDI.create"), ("xenserver", "VDI.copy")], [.. s_attached, ("solidfire", "DeleteVolume"), ("solidfire", "DeleteSnapshot")]);
    }

    /// <summary>As one snapshot's, with the array's calls for a group.</summary>
    public static KillPlan Group(RunOptions options)
    {
        var one = Snapshot(options);
        return new KillPlan(
            [.. one.Effects.Where(call => call.Method != "CreateSnapshot"), ("solidfire", "CreateGroupSnapshot")],
            [.. one.CleanUps.Where(call => call.Method != "DeleteSnapshot"), ("solidfire", "DeleteGroupSnapshot")],
            one.Reads);
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
