using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.HostSteps;

/// <summary>Rows for an SR that is there already, under our own label. CloudStack's SRs (label <c>/&lt;iqn&gt;/0</c>) are never touched.</summary>
internal sealed class SrIntroduction(XenServerClient pool, IntentLedger intents, Marker marker, RequestKey key, string role)
{
    private string Label => key.NameFor(role);

    /// <summary>The SR that an earlier attempt introduced: what it asked for has come, and its undo need not wait for it.</summary>
    public async Task<Sr?> AdoptAsync(CancellationToken cancellation)
    {
        var own = await FindOwnAsync(cancellation);
        if (own is not null) intents.Made(key, role, own.Uuid);
        return own;
    }

    /// <summary>The SR of an earlier attempt, by its label.</summary>
    public async Task<Sr?> FindOwnAsync(CancellationToken cancellation)
    {
        var own = (await pool.Srs.ListAsync(Label, cancellation)).Where(sr => sr.NameLabel == Label).ToList();
        return own.Count <= 1
            ? own.FirstOrDefault()
            : throw new StepFaultException(new StepFault("sr.ambiguous", FaultKind.Corrupt, $"Pool {pool.PoolName} has {own.Count} SRs labelled {Label}.", "They are all forgotten by the undo."));
    }

    /// <summary>Writes the row. Another's row of the same uuid is waited for, never taken over.</summary>
    /// <param name="stop">A row that is only given up may be written after the undo had looked for it.</param>
    public async Task<Sr> IntroduceAsync(string uuid, string type, string contentType, IReadOnlyDictionary<string, string>? smConfig, CancellationToken cancellation, CancellationToken stop)
    {
        if (await pool.Srs.FindAsync(uuid, cancellation) is { } other) throw HeldByAnother(other);

        // The uuid is known before the call: a row without its mark can be told from another's all the same.
        OpaqueRef introduced;
        try
        {
            introduced = await intents.MakeAsync(key, role, "xenserver", pool.PoolName, $"{Label}|{uuid}", () => MakeAsync(uuid, type, contentType, smConfig, cancellation, stop));
        }
        catch (XenApiException taken) when (taken.Code == XenApiErrors.SrUuidExists)
        {
            if (await pool.Srs.FindAsync(uuid, cancellation) is { } faster) throw HeldByAnother(faster);
            throw;
        }

        intents.Made(key, role, uuid);
        return await pool.Srs.FindAsync(introduced, cancellation)
            ?? throw new StepFaultException(new StepFault("sr.gone", FaultKind.Transient, $"SR {uuid} is gone right after it was introduced.", "Find out who forgets SRs in the pool if this repeats."));
    }

    /// <summary>An attempt of a node that was taken for dead, or a call that was not answered, may come between the look and the call: what it made is ours.</summary>
    private async Task<OpaqueRef> MakeAsync(string uuid, string type, string contentType, IReadOnlyDictionary<string, string>? smConfig, CancellationToken cancellation, CancellationToken stop)
    {
        try
        {
            return await pool.Srs.IntroduceAsync(uuid, Label, "SnapshotWorkflows: temporary", type, contentType, shared: false, stop, smConfig);
        }
        catch (XenApiException taken) when (taken.Code == XenApiErrors.SrUuidExists)
        {
            if (await FindOwnAsync(cancellation) is { } own && own.Uuid == uuid) return own.Ref;
            throw;
        }
    }

    private StepFaultException HeldByAnother(Sr other) => new(new StepFault(
        "sr.held-by-another", FaultKind.Busy, $"Pool {pool.PoolName} already has SR {other.Uuid}, labelled {other.NameLabel}.",
        "Wait if it is another snapshot's; otherwise the copy pool sees originals: name a separate pool in XenServer:CopyPool.", TimeSpan.FromSeconds(10)));

    /// <summary>Mark, one PBD on the host, plugged, scanned: whatever of it is missing.</summary>
    public async Task<Pbd> AttachAsync(Sr sr, Host host, IReadOnlyDictionary<string, string> deviceConfig, CancellationToken cancellation)
    {
        var marks = marker.OtherConfig(key, role);
        // The SR is ours alone, so its other_config may be written as a whole: a call for each key would be four more that can be lost.
        if (marks.Keys.Any(name => !sr.OtherConfig.ContainsKey(name))) await pool.Srs.SetOtherConfigAsync(sr.Ref, Whole(sr.OtherConfig, marks), cancellation);

        var pbd = sr.Pbds.Count == 0 ? null : await FindPbdAsync(sr, host, cancellation);
        pbd ??= await MakePbdAsync(sr, host, deviceConfig, marks, cancellation);
        if (!pbd.CurrentlyAttached) await pool.Pbds.PlugAsync(pbd.Ref, cancellation);

        // Plugging does not scan.
        await pool.Srs.ScanAsync(sr.Ref, cancellation);
        return pbd;
    }

    private async Task<Pbd?> FindPbdAsync(Sr sr, Host host, CancellationToken cancellation) =>
        (await pool.Pbds.ListAsync(sr.Ref, cancellation)).FirstOrDefault(pbd => pbd.Host == host.Ref);

    /// <summary>The SR is ours alone, so a PBD of it that came between the look and the call is an earlier attempt's, as the SR itself may be.</summary>
    private async Task<Pbd> MakePbdAsync(Sr sr, Host host, IReadOnlyDictionary<string, string> deviceConfig, IReadOnlyDictionary<string, string> marks, CancellationToken cancellation)
    {
        try
        {
            var made = await pool.Pbds.CreateAsync(host.Ref, sr.Ref, deviceConfig, cancellation, marks);
            return await pool.Pbds.FindAsync(made, cancellation)
                ?? throw new StepFaultException(new StepFault("pbd.gone", FaultKind.Transient, $"The PBD of SR {sr.Uuid} is gone right after it was created.", "Find out who destroys PBDs in the pool if this repeats."));
        }
        catch (XenApiException taken) when (taken.Code == XenApiErrors.PbdExists)
        {
            if (await FindPbdAsync(sr, host, cancellation) is { } faster) return faster;
            throw;
        }
    }

    private static Dictionary<string, string> Whole(IReadOnlyDictionary<string, string> present, Dictionary<string, string> marks)
    {
        var whole = new Dictionary<string, string>(present, StringComparer.Ordinal);
        foreach (var (name, value) in marks) whole.TryAdd(name, value);
        return whole;
    }
}
