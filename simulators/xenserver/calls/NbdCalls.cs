using System.Security.Cryptography.X509Certificates;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>How a disk is reached over NBD, and which networks allow it (XenServer 7.3 and later).</summary>
internal static class NbdCalls
{
    public static void Register(MethodTable methods)
    {
        methods.Sync("VDI.get_nbd_info", 1, Info);
        methods.Long("network.add_purpose", 2, c => Purpose(c, (network, purpose) =>
        {
            var other = purpose == NetworkRow.Nbd ? NetworkRow.InsecureNbd : NetworkRow.Nbd;
            if (c.Db.All<NetworkRow>().Exists(n => n.Purpose.Contains(other)))
                throw new XenError("NETWORK_INCOMPATIBLE_PURPOSES", purpose, other);
            network.Purpose.Add(purpose);
        }));
        methods.Long("network.remove_purpose", 2, c => Purpose(c, (network, purpose) => network.Purpose.Remove(purpose)));
    }

    /// <summary>One entry for each address of each host that has the SR plugged and runs an NBD server; the export name bears the caller's session.</summary>
    private static object? Info(Call call)
    {
        var vdi = call.Row<VdiRow>(0, "VDI");
        if (vdi.Type == "cbt_metadata")
            throw new XenError("VDI_INCOMPATIBLE_TYPE", vdi.Ref, vdi.Type);
        var networks = call.Db.All<NetworkRow>().Where(n => n.Purpose.Count > 0).Select(n => n.Ref).ToHashSet(StringComparer.Ordinal);
        var infos = new List<object?>();
        foreach (var pbd in call.Db.All<PbdRow>().Where(p => p.Sr == vdi.Sr && p.Attached))
        {
            var host = call.Db.Get<HostRow>("host", pbd.Host);
            if (host.NbdPort is not { } port)
                continue;
            foreach (var pif in call.Db.All<PifRow>().Where(p => p.Host == host.Ref && networks.Contains(p.Network)))
                infos.Add(new Dictionary<string, object?>(StringComparer.Ordinal)
                {
                    ["exportname"] = $"/{vdi.Uuid}?session_id={call.Session!.Ref}",
                    ["address"] = pif.Ip,
                    ["port"] = (long)port,
                    ["cert"] = host.CertificatePem,
                    ["subject"] = Subject(host),
                });
        }

        return infos;
    }

    /// <summary>The first DNS name of the certificate; failing that, the host's name.</summary>
    private static string Subject(HostRow host)
    {
        using var certificate = X509Certificate2.CreateFromPem(host.CertificatePem);
        return certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames()).Order(StringComparer.Ordinal).FirstOrDefault()
            ?? host.NameLabel;
    }

    private static object? Purpose(Call call, Action<NetworkRow, string> change)
    {
        var network = call.Row<NetworkRow>(0, "network");
        if (call.Text(1) is not (NetworkRow.Nbd or NetworkRow.InsecureNbd))
            throw new XenError("FIELD_TYPE_ERROR", "value");
        change(network, call.Text(1));
        call.Db.Touch(network);
        return null;
    }
}
