using System.Text;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// What the pool's database keeps of a text: all of it up to the first character that XML cannot carry, so that every record can be told in both forms.
/// </summary>
/// <remarks>
/// xapi-project/xen-api ocaml/database/db_cache_impl.ml (ensure_utf8_xml) and the Encodings of xapi-stdext: control characters but tab, line feed and
/// carriage return, and the non-characters of Unicode. xapi cuts where it writes; here it is cut where a value is read off the wire.
/// </remarks>
internal static class WireText
{
    public static string Kept(string text)
    {
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (!IsKept(rune.Value))
                return text[..at];
            at += rune.Utf16SequenceLength;
        }

        return text;
    }

    private static bool IsKept(int value) => (value >= 0x20 || value is '\t' or '\n' or '\r') && value is not (>= 0xfdd0 and <= 0xfdef) && (value & 0xfffe) != 0xfffe;
}
