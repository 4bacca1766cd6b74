using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>Chooses the host that copies, and how a clone's duplicate uuids are dealt with there, by asking the pool what it has. Makes nothing.</summary>
[DurableTask(StepNames.ChooseCopyHost)]
public sealed class ChooseCopyHost(IXenServerPools pools, IActivityExecution execution) : StepActivity<ChooseCopyHostInput, CopyHost>(execution)
{
    protected override async Task<CopyHost> ExecuteAsync(ChooseCopyHostInput input, CancellationToken cancellation)
    {
        var pool = pools.CopyPool;
        try
        {
            return await ChooseAsync(pool, input, cancellation);
        }
        catch (XenApiException away) when (away.Kind is XenApiErrorKind.Transient)
        {
            throw new StepFaultException(
                new StepFault(
                    "host.pool-unreachable", FaultKind.Transient, $"The copy pool {pool.PoolName} does not answer: {away.Message}",
                    $"Bring the coordinator of pool {pool.PoolName} back, or name another pool in XenServer:CopyPool."),
                away);
        }
    }

    private static async Task<CopyHost> ChooseAsync(XenServerClient pool, ChooseCopyHostInput input, CancellationToken cancellation)
    {
        var coordinator = (await pool.Pool.GetAsync(cancellation)).Master;
        var hosts = await pool.Pool.ListHostsAsync(cancellation);
        var version = hosts.FirstOrDefault(host => host.Ref == coordinator) is { } master ? XenServerVersion.Of(master) : await pool.Pool.GetVersionAsync(cancellation);
        var host = hosts.Where(candidate => candidate is { Enabled: true, Live: true, Iqn.Length: > 0 } && (input.Host is null || candidate.Uuid == input.Host || candidate.NameLabel == input.Host)).OrderBy(candidate => candidate.NameLabel, StringComparer.Ordinal).FirstOrDefault()
            ?? throw new StepFaultException(new StepFault(
                "host.none-ready", FaultKind.Rejected, $"None of the {hosts.Count} hosts of pool {pool.PoolName}{(input.Host is null ? "" : $" is called '{input.Host}' and")} is enabled, live and has an iSCSI initiator name.",
                "Bring a host of the copy pool back, or name another pool in XenServer:CopyPool."));
        var strategy = await ResignStrategyAsync(pool, input.SourceSrUuid, cancellation);
        return new CopyHost(pool.PoolName, host.Uuid, host.NameLabel, host.Iqn!, strategy, $"{version.ProductBrand} {version.ProductVersion}".Trim());
    }

    private static async Task<string> ResignStrategyAsync(XenServerClient pool, string sourceSrUuid, CancellationToken cancellation)
    {
        var drivers = (await pool.Pool.ListSmDriversAsync(cancellation)).Select(driver => driver.Type).ToHashSet(StringComparer.Ordinal);
        foreach (var needed in (string[])[SrCalls.LvmOverIscsi, "nfs"])
        {
            if (!drivers.Contains(needed))
            {
                throw new StepFaultException(new StepFault(
                    "host.no-driver", FaultKind.Rejected, $"Pool {pool.PoolName} has no storage driver '{needed}'.", "Install the driver, or name another pool in XenServer:CopyPool."));
            }
        }

        if (drivers.Contains(SrCalls.ResigningLvmOverIscsi)) return ResignStrategies.Relvmoiscsi;
        var known = sourceSrUuid.Length > 0 ? await pool.Srs.FindAsync(sourceSrUuid, cancellation) : null;
        if (known is null) return ResignStrategies.Dedicated;
        throw known.NameLabel.StartsWith("swf-", StringComparison.Ordinal)
            ? new StepFaultException(new StepFault(
                "host.clone-introduced", FaultKind.Busy, $"Pool {pool.PoolName} holds another clone of this volume ({known.NameLabel}).", "Wait for that snapshot to end; sweep leaks if it has."))
            : new StepFaultException(new StepFault(
                "host.no-resign", FaultKind.Rejected,
                $"Pool {pool.PoolName} knows the original's SR and has no driver '{SrCalls.ResigningLvmOverIscsi}', so a clone with the same uuids can be attached nowhere.",
                "Name a separate pool that does not see the originals in XenServer:CopyPool, or install the resign driver (XenServer 7.1 and older)."));
    }
}
