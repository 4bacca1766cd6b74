using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>A request's own VDIs in its destination SR, and the copies that may be writing into them.</summary>
internal sealed class DestinationVdis(XenServerClient pool, Marker marker)
{
    public const string AttemptName = "swf-attempt";
    public const string VdiName = "swf-vdi";

    public async Task<IReadOnlyList<Vdi>> OwnAsync(RequestKey key, Sr sr, CancellationToken cancellation) => sr.Vdis.Count == 0
        ? []
        : [.. (await pool.Vdis.ListAsync(sr.Ref, cancellation)).Where(vdi => marker.IsOn(name => vdi.OtherConfig.GetValueOrDefault(name), key, Roles.DestinationVdi))];

    /// <summary>
    /// The task that copies into this VDI: the one that the ledger knows; where it knows none, by our mark; or, where a crash came before the mark, by what the VDI says works on it.
    /// </summary>
    public async Task<XenTask?> FindCopyAsync(RequestKey key, Vdi vdi, OpaqueRef? known, CancellationToken cancellation)
    {
        var found = known is { } reference
            ? await pool.Tasks.FindAsync(reference, cancellation)
            : (await pool.Tasks.ListAsync(cancellation)).FirstOrDefault(task =>
                marker.IsOn(name => task.OtherConfig.GetValueOrDefault(name), key, Roles.CopyTask) && task.OtherConfig.GetValueOrDefault(VdiName) == vdi.Uuid);
        if (found is not null) return found;
        foreach (var (task, operation) in vdi.CurrentOperations)
        {
            if (operation == "copy" && await pool.Tasks.FindAsync(new OpaqueRef(task), cancellation) is { } working) return working;
        }

        return null;
    }
}
