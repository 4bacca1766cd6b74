using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>A request's own VDIs in its destination SR, and the copies that may be writing into them.</summary>
internal sealed class DestinationVdis(XenServerClient pool, Marker marker)
{
    public const string AttemptName = "swf-attempt";
    public const string VdiName = "swf-vdi";

    public async Task<IReadOnlyList<Vdi>> OwnAsync(RequestKey key, string srUuid, CancellationToken cancellation)
    {
        if (await pool.Srs.FindAsync(srUuid, cancellation) is not { } sr) return [];
        return [.. (await pool.Vdis.ListAsync(sr.Ref, cancellation)).Where(vdi => marker.IsOn(name => vdi.OtherConfig.GetValueOrDefault(name), key, Roles.DestinationVdi))];
    }

    /// <summary>The task that copies into this VDI: by our mark on it, or, where a crash came before the mark, by what the VDI says works on it.</summary>
    public async Task<XenTask?> FindCopyAsync(RequestKey key, Vdi vdi, CancellationToken cancellation)
    {
        var marked = (await pool.Tasks.ListAsync(cancellation)).FirstOrDefault(task =>
            marker.IsOn(name => task.OtherConfig.GetValueOrDefault(name), key, Roles.CopyTask) && task.OtherConfig.GetValueOrDefault(VdiName) == vdi.Uuid);
        if (marked is not null) return marked;
        foreach (var (task, operation) in vdi.CurrentOperations)
        {
            if (operation == "copy" && await pool.Tasks.FindAsync(new OpaqueRef(task), cancellation) is { } working) return working;
        }

        return null;
    }
}
