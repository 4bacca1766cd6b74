using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace SnapshotWorkflows.XenServer;

/// <summary>An SR that was found on a LUN or a share.</summary>
public sealed record ProbedSr(string Uuid, long? Bytes);

/// <summary>A target that a portal offers.</summary>
public sealed record ProbedTarget(string TargetIqn, string Address, int? Port);

/// <summary>A LUN that a target offers.</summary>
public sealed record ProbedLun(int LunId, string ScsiId, long? Bytes, string Vendor, string Serial);

/// <summary>
/// What a probe found. With an incomplete device_config the pool answers with the next choice to make, and does so by an error:
/// without targetIQN the targets (96), without SCSIid the LUNs (107), with all the SRs. All lists but one are null.
/// </summary>
public sealed record SrProbe
{
    /// <summary>SRs on the LUN; empty for a blank one. Empty is never a reason to create an SR there.</summary>
    public IReadOnlyList<ProbedSr>? SrList { get; init; }

    public IReadOnlyList<ProbedTarget>? TargetList { get; init; }

    public IReadOnlyList<ProbedLun>? LunList { get; init; }

    internal const string TargetsCode = "SR_BACKEND_FAILURE_96";
    internal const string LunsCode = "SR_BACKEND_FAILURE_107";

    internal static SrProbe ParseSrs(string xml) => Parse(xml, root => new SrProbe
    {
        SrList = [.. Rows(root, "SR").Select(row => new ProbedSr(Text(row, "UUID"), Number(row, "size")))],
    });

    internal static SrProbe ParseTargets(string xml) => Parse(xml, root => new SrProbe
    {
        TargetList = [.. Rows(root, "TGT").Select(row => new ProbedTarget(Text(row, "TargetIQN"), Text(row, "IPAddress"), (int?)Number(row, "Port")))],
    });

    internal static SrProbe ParseLuns(string xml) => Parse(xml, root => new SrProbe
    {
        LunList = [.. Rows(root, "LUN").Select(row => new ProbedLun((int)(Number(row, "LUNid") ?? 0), Text(row, "SCSIid"), Number(row, "size"), Text(row, "vendor"), Text(row, "serial")))],
    });

    private static SrProbe Parse(string xml, Func<XElement, SrProbe> read)
    {
        try
        {
            return read(XenXml.Parse(xml));
        }
        catch (XmlException fault)
        {
            throw new XenApiException("SR.probe", XenApiErrors.AnswerLost, [], XenApiErrorKind.Permanent, "The probe's list could not be read.", fault);
        }
    }

    private static IEnumerable<XElement> Rows(XElement root, string name) => root.DescendantsAndSelf().Where(element => element.Name.LocalName == name);

    private static string Text(XElement row, string name) => row.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value.Trim() ?? "";

    private static long? Number(XElement row, string name) => long.TryParse(Text(row, name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : null;
}
