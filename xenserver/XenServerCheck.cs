namespace SnapshotWorkflows.XenServer;

/// <summary>What a look at the pool found.</summary>
/// <param name="Mend">What a person must change before work can begin; empty when all is well.</param>
public sealed record XenServerCheck(string PoolName, XenServerVersion? Version, IReadOnlyList<Host> Hosts, IReadOnlyList<SmDriver> Drivers, IReadOnlyList<string> Mend)
{
    public bool Ready => Mend.Count == 0;

    /// <summary>Whether clones can be given new identities on this pool.</summary>
    public bool CanResign => Drivers.Any(driver => driver.Type == SrCalls.ResigningLvmOverIscsi);

    internal static async Task<XenServerCheck> RunAsync(XenServerClient client, CancellationToken cancellation)
    {
        var mend = new List<string>();
        XenServerVersion? version = null;
        IReadOnlyList<Host> hosts = [];
        IReadOnlyList<SmDriver> drivers = [];
        try
        {
            version = await client.Pool.GetVersionAsync(cancellation);
            hosts = await client.Pool.ListHostsAsync(cancellation);
            drivers = await client.Pool.ListSmDriversAsync(cancellation);
            await client.Srs.ListAsync(cancellation);
            await client.Tasks.ListAsync(cancellation);
            if (hosts.All(host => string.IsNullOrEmpty(host.Iqn))) mend.Add($"No host of pool {client.PoolName} has an iSCSI IQN; set one, and put it into the array's access group.");
            if (!hosts.Any(host => host is { Enabled: true, Live: true })) mend.Add($"No host of pool {client.PoolName} is enabled and live.");
            if (drivers.All(driver => driver.Type != SrCalls.LvmOverIscsi)) mend.Add($"Pool {client.PoolName} has no {SrCalls.LvmOverIscsi} driver.");
        }
        catch (XenApiException fault)
        {
            mend.Add(fault.Message);
        }
        return new(client.PoolName, version, hosts, drivers, mend);
    }
}
