using System.Text;
using System.Xml.Linq;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>What the MGT volume says of one VDI.</summary>
internal sealed record MgtVdi(string Uuid, string NameLabel, string NameDescription, bool IsSnapshot, string SnapshotOf, string Type);

/// <summary>
/// The MGT volume: sector 0 a header, sectors 1 and 2 the SR, then two sectors of XML for each VDI, up to the first empty pair. It gives
/// names and the snapshot relation to a pool that meets the SR for the first time.
/// </summary>
internal static class ManagementVolume
{
    private const int Sector = 512;
    private const int Pair = 2 * Sector;

    public static void Write(IBlockDevice mgt, string srUuid, string srLabel, IReadOnlyList<MgtVdi> vdis)
    {
        var b = new byte[Sector + ((vdis.Count + 2) * Pair)];
        Encoding.ASCII.GetBytes("XSSM:00000001:1:2", b);
        Put(b, Sector, new XElement("sr", new XElement("allocation", "thick"), new XElement("uuid", srUuid), Name("name_label", srLabel)));
        for (var i = 0; i < vdis.Count; i++)
        {
            var v = vdis[i];
            Put(b, Sector + ((i + 1) * Pair), new XElement(
                "vdi", new XElement("uuid", v.Uuid), new XElement("is_a_snapshot", v.IsSnapshot ? 1 : 0), new XElement("snapshot_of", v.SnapshotOf),
                new XElement("type", v.Type), Name("name_label", v.NameLabel), Name("name_description", v.NameDescription)));
        }

        mgt.Write(0, b);
    }

    public static IReadOnlyList<MgtVdi> Read(IBlockDevice mgt)
    {
        var found = new List<MgtVdi>();
        var b = new byte[Pair];
        for (long at = Sector + Pair; at + Pair <= mgt.Length; at += Pair)
        {
            mgt.Read(at, b);
            if (b[0] == 0)
                break;
            var x = XElement.Parse(Encoding.UTF8.GetString(b).TrimEnd('\0'));
            string Text(string name) => x.Element(name)?.Value ?? "";
            found.Add(new MgtVdi(Text("uuid"), Text("name_label"), Text("name_description"), Text("is_a_snapshot") == "1", Text("snapshot_of"), Text("type")));
        }

        return found;
    }

    /// <summary>Names are cut so that two sectors hold them whatever escaping does to them.</summary>
    private static XElement Name(string element, string text) => new(element, text.Length > 40 ? text[..40] : text);

    private static void Put(byte[] into, int at, XElement element)
    {
        var bytes = Encoding.UTF8.GetBytes(element.ToString(SaveOptions.DisableFormatting));
        if (bytes.Length >= Pair)
            throw new InvalidDataException("A record of the MGT volume is longer than its two sectors.");
        bytes.CopyTo(into, at);
    }
}
