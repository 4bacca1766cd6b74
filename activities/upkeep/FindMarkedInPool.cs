using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>SRs, VDIs and tasks of a pool that bear a mark or a name like ours. PBDs go with their SRs. Makes nothing.</summary>
[DurableTask(StepNames.FindMarkedInPool)]
public sealed class FindMarkedInPool(IXenServerPools pools, IActivityExecution execution) : StepActivity<ScopeInput, MarkedThings>(execution)
{
    protected override async Task<MarkedThings> ExecuteAsync(ScopeInput input, CancellationToken cancellation)
    {
        var pool = pools.Get(input.Name);
        var srs = await pool.Srs.ListAsync(cancellation);
        var vdis = await pool.Vdis.ListAllAsync(cancellation);
        var tasks = await pool.Tasks.ListAsync(cancellation);
        var uuids = srs.ToDictionary(sr => sr.Ref, sr => sr.Uuid);
        var found = srs.Select(sr => Of(input.Name, sr.Uuid, sr.NameLabel, sr.OtherConfig, madeAt: null))
            .Concat(vdis.Select(vdi => Of(input.Name, vdi.Uuid, vdi.NameLabel, vdi.OtherConfig, madeAt: null) is { } thing ? thing with { SrUuid = uuids.GetValueOrDefault(vdi.Sr) } : null))
            // A task's label is the call's, and says something where we gave it: of an export or an import. Else only a mark does.
            .Concat(tasks.Where(task => task.OtherConfig.ContainsKey(Marker.InstallationName) || task.NameLabel.StartsWith("swf-", StringComparison.Ordinal)).Select(task => Of(input.Name, task.Uuid, task.NameLabel, task.OtherConfig, task.CreatedAt)));
        return new MarkedThings([.. found.OfType<MarkedThing>()]);
    }

    private static MarkedThing? Of(string pool, string uuid, string label, IReadOnlyDictionary<string, string> otherConfig, DateTimeOffset? madeAt) =>
        Marks.Read("xenserver", pool, uuid, label, otherConfig.GetValueOrDefault, madeAt);
}
