using System.Text.Json;
using System.Text.Json.Nodes;

namespace SnapshotWorkflows.XenServer;

/// <summary>Storage repositories. There is no call here that destroys one: an SR is forgotten, its LUN deleted on the array.</summary>
public sealed class SrCalls
{
    public const string LvmOverIscsi = "lvmoiscsi";
    public const string ResigningLvmOverIscsi = "relvmoiscsi";
    private const string Resigned = "successfully resigned";
    private readonly XenServerClient _client;

    internal SrCalls(XenServerClient client) => _client = client;

    /// <summary>Null when the pool knows no SR of that uuid.</summary>
    public Task<Sr?> FindAsync(string uuid, CancellationToken cancellation) => _client.FindWhereUuidAsync("SR", uuid, XenJson.Default.Sr, cancellation);

    /// <summary>Null when the row is gone.</summary>
    public Task<Sr?> FindAsync(OpaqueRef sr, CancellationToken cancellation) => _client.FindRecordAsync("SR.get_record", sr, XenJson.Default.Sr, cancellation);

    /// <summary>Those of a label, which need not be unique.</summary>
    public Task<IReadOnlyList<Sr>> ListAsync(string label, CancellationToken cancellation) => _client.GetRecordsWhereAsync("SR", "name__label", label, XenJson.Default.Sr, cancellation);

    public Task<IReadOnlyList<Sr>> ListAsync(CancellationToken cancellation) => _client.GetAllRecordsAsync("SR.get_all_records", XenJson.Default.Sr, cancellation);

    /// <summary>Looks from a host at a portal, a target, a LUN or a share, depending on how complete the device_config is.</summary>
    public async Task<SrProbe> ProbeAsync(OpaqueRef host, IReadOnlyDictionary<string, string> deviceConfig, string type, CancellationToken cancellation, IReadOnlyDictionary<string, string>? smConfig = null)
    {
        Conceal(deviceConfig);
        try
        {
            var reply = await _client.CallAsync("SR.probe", CallKind.Probe, [host.Value, XenServerClient.Map(deviceConfig), type, XenServerClient.Map(smConfig)], cancellation);
            return SrProbe.ParseSrs(reply.ValueKind == JsonValueKind.String ? reply.GetString()! : "");
        }
        // An incomplete probe fails by design; the list is in the third parameter.
        catch (XenApiException fault) when (fault.Code == SrProbe.TargetsCode && fault.Parameters.Count > 2)
        {
            return SrProbe.ParseTargets(fault.Parameters[2]);
        }
        catch (XenApiException fault) when (fault.Code == SrProbe.LunsCode && fault.Parameters.Count > 2)
        {
            return SrProbe.ParseLuns(fault.Parameters[2]);
        }
    }

    /// <summary>Writes a row for an SR that is there already; its storage is not touched. Find it by uuid first.</summary>
    /// <exception cref="XenApiException">Kind Conflict: the pool has an SR of that uuid.</exception>
    public Task<OpaqueRef> IntroduceAsync(string uuid, string label, string description, string type, string contentType, bool shared, CancellationToken cancellation, IReadOnlyDictionary<string, string>? smConfig = null) =>
        _client.CallForRefAsync("SR.introduce", CallKind.Write, [uuid, label, description, type, contentType, shared, XenServerClient.Map(smConfig)], cancellation);

    /// <summary>Creates an SR: formats a LUN, or makes a folder on a share. Never on a LUN that may hold anything.</summary>
    public Task<OpaqueRef> CreateAsync(OpaqueRef host, IReadOnlyDictionary<string, string> deviceConfig, long physicalBytes, string label, string description, string type, string contentType, bool shared, CancellationToken cancellation, IReadOnlyDictionary<string, string>? smConfig = null)
    {
        Conceal(deviceConfig);
        return _client.CallForRefAsync("SR.create", CallKind.StorageWrite,
            [host.Value, XenServerClient.Map(deviceConfig), physicalBytes, label, description, type, contentType, shared, XenServerClient.Map(smConfig)], cancellation);
    }

    /// <summary>Gives a cloned LUN new identities by the add-on driver, whose success is an error that says "successfully resigned".</summary>
    /// <exception cref="XenApiException">
    /// <c>SR_UNKNOWN_DRIVER</c>: not installed. Any other: the LUN's state is open, since the rewrite is not atomic: delete the clone and clone again.
    /// </exception>
    public async Task ResignAsync(OpaqueRef host, IReadOnlyDictionary<string, string> deviceConfig, string label, CancellationToken cancellation)
    {
        try
        {
            await CreateAsync(host, deviceConfig, 0, label, label, ResigningLvmOverIscsi, "user", shared: false, cancellation);
        }
        // By its text: the code (1) is that of every error which the storage manager cannot name.
        catch (XenApiException fault) when (fault.Parameters.Any(text => text.Contains(Resigned, StringComparison.Ordinal)))
        {
            return;
        }
        catch (XenApiException fault) when (fault.Kind is XenApiErrorKind.Permanent && fault.Code.StartsWith("SR_BACKEND_FAILURE", StringComparison.Ordinal))
        {
            throw new XenApiException(fault.Method, fault.Code, fault.Parameters, XenApiErrorKind.Reconcile, "The LUN may be half rewritten: delete the clone and clone again.", fault);
        }
        throw new XenApiOutcomeUnknownException("SR.create", XenApiErrors.AnswerLost, "The resigning driver ended without the error that is its success.");
    }

    /// <summary>Brings the SR's VDI rows up to date; plugging does not.</summary>
    public Task ScanAsync(OpaqueRef sr, CancellationToken cancellation) => _client.CallAsync("SR.scan", CallKind.StorageWrite, [sr.Value], cancellation);

    /// <summary>Drops the SR's rows; its data stays. Already gone is success.</summary>
    public Task ForgetAsync(OpaqueRef sr, CancellationToken cancellation) => _client.RemoveAsync("SR.forget", CallKind.StorageWrite, [sr.Value], cancellation);

    /// <summary>Replaces other_config as a whole, which one call does where a key at a time takes two each: for an SR that nobody else writes to.</summary>
    public Task SetOtherConfigAsync(OpaqueRef sr, IReadOnlyDictionary<string, string> whole, CancellationToken cancellation) =>
        _client.CallAsync("SR.set_other_config", CallKind.Write, [sr.Value, XenServerClient.Map(whole)], cancellation);

    private void Conceal(IReadOnlyDictionary<string, string> deviceConfig)
    {
        foreach (var (key, value) in deviceConfig)
            if (key.EndsWith("password", StringComparison.OrdinalIgnoreCase)) _client.Connection.Conceal(value);
    }
}
