using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace SnapshotWorkflows.Secondary.Chunks.Format;

/// <summary>Names of a repository's objects, as docs/formats/chunks.md lists them.</summary>
internal sealed class ChunkNames(string prefix)
{
    public string Prefix { get; } = prefix;

    public string Repository => Prefix + "repository";

    public string Keys => Prefix + "keys/";

    public string Sessions => Prefix + "sessions/";

    public string Packs => Prefix + "packs/";

    public string Indexes => Prefix + "indexes/";

    public string Tombstones => Prefix + "tombstones/";

    public string Collections => Prefix + "collections/";

    public string Damaged => Prefix + "damaged/";

    public string Key(string id) => Keys + id;

    public string Begin(string session) => $"{Sessions}{session}/begin";

    public string End(string session) => $"{Sessions}{session}/end";

    public string Pack(ObjectName pack) => Packs + pack;

    public string DamageOf(ObjectName pack) => Damaged + pack;

    public string Index(ObjectName index) => Indexes + index;

    public string Tombstone(string session, int generation, string part) => $"{Tombstones}{session}.{generation}/{part}";

    public string Collection(string collection, string part) => $"{Collections}{collection}/{part}";

    public static string Session(string snapshot, int number) => string.Create(CultureInfo.InvariantCulture, $"{snapshot}.{number}");

    /// <summary>Takes a text and the number after its last dot apart: a session, or a tombstone.</summary>
    public static bool TrySplit(string text, [NotNullWhen(true)] out string? name, out int number)
    {
        var dot = text.LastIndexOf('.');
        name = dot > 0 ? text[..dot] : null;
        number = 0;
        return name is not null && int.TryParse(text.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
    }

    /// <summary>Takes <c>folder/owner/part</c> apart.</summary>
    public static bool TryParts(string name, string folder, [NotNullWhen(true)] out string? owner, [NotNullWhen(true)] out string? part)
    {
        owner = part = null;
        if (!name.StartsWith(folder, StringComparison.Ordinal))
            return false;
        var slash = name.IndexOf('/', folder.Length);
        if (slash < 0)
            return false;
        owner = name[folder.Length..slash];
        part = name[(slash + 1)..];
        return true;
    }
}

/// <summary>A pack or an index object: the session that made it, and the hash of its tail.</summary>
internal readonly record struct ObjectName(string Session, LeafHash Hash)
{
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");

    public override string ToString() => $"{Session}/{Hash}";

    public static bool TryParse(ReadOnlySpan<char> text, out ObjectName name)
    {
        name = default;
        var slash = text.IndexOf('/');
        if (slash <= 0 || text.Length - slash - 1 != 64 || text[(slash + 1)..].ContainsAnyExcept(s_hex))
            return false;
        name = new ObjectName(text[..slash].ToString(), LeafHash.Parse(text[(slash + 1)..]));
        return true;
    }
}
