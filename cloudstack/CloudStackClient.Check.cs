namespace SnapshotWorkflows.CloudStack;

/// <summary>What a look at the management server found.</summary>
/// <param name="Version">Null where our keys may not ask for it.</param>
/// <param name="Mend">What a person must change before work can begin; empty when all is well.</param>
public sealed record CloudStackCheck(string? Version, IReadOnlyList<CloudStackZone> Zones, IReadOnlyList<string> Mend)
{
    public bool Ready => Mend.Count == 0;
}

public sealed partial class CloudStackClient
{
    /// <summary>Looks, changing nothing, whether the server can be reached and our keys may read what we need.</summary>
    public async Task<CloudStackCheck> CheckAsync(CancellationToken cancellation)
    {
        var mend = new List<string>();
        IReadOnlyList<CloudStackZone> zones = [];
        string? version = null;
        try
        {
            zones = await ListZonesAsync(cancellation);
            if (zones.Count == 0) mend.Add("CloudStack shows no zone; give CloudStack:ApiKey of an administrator.");
            // One row is enough to see whether the command is allowed.
            foreach (var command in (string[])["listVolumes", "listVirtualMachines", "listSnapshots"])
                await ReadAsync(command, new Dictionary<string, string> { ["listall"] = "true", ["page"] = "1", ["pagesize"] = "1" }, cancellation);
            version = await FindVersionAsync(cancellation);
        }
        catch (CloudStackException fault)
        {
            mend.Add(fault.Message);
        }
        return new(version, zones, mend);
    }

    private async Task<string?> FindVersionAsync(CancellationToken cancellation)
    {
        try
        {
            var reply = await ReadAsync("listCapabilities", new Dictionary<string, string>(), cancellation);
            return reply.TryGetProperty("capability", out var capability) && capability.ValueKind == System.Text.Json.JsonValueKind.Object ? Text(capability, "cloudstackversion") : null;
        }
        catch (CloudStackException fault) when (fault.ErrorCode == 432)
        {
            return null;
        }
    }
}
