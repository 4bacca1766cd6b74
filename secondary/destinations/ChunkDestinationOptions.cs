using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Chunks.Keys;

namespace SnapshotWorkflows.Secondary.Destinations;

/// <summary>
/// Section <c>Chunks</c> of a destination: master keys of its repository, which is encrypted where there are any. Whoever loses all of them has lost the data. Holds secrets, so it has no ToString of its own.
/// </summary>
public sealed class ChunkDestinationOptions
{
    /// <summary>Id of the key that new data is written with; may be left out where there is just one. Naming another one of <see cref="Keys"/> is a rotation: the old ones stay until nothing needs them.</summary>
    public string? Key { get; set; }

    /// <summary>Keys of 32 bytes, as base64, by their ids (plain names of at most 32 characters). None = not encrypted.</summary>
    public IDictionary<string, string> Keys { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How a repository is opened; null where it is not encrypted.</summary>
    /// <exception cref="ChunkException"><c>chunks.key</c>; names ids and never a key.</exception>
    internal ChunkKeyRing? Ring()
    {
        if (Keys.Count == 0)
            return Key is null ? null : throw Wrong($"Chunks:Key names '{Key}' and there are no Chunks:Keys");
        var keys = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (id, text) in Keys)
        {
            var bytes = new byte[ChunkKeyRing.KeyBytes + 1];
            if (!StoreName.IsValidSegment(id) || id.Length > ChunkKeyRing.LongestId)
                throw Wrong($"a key's id is no plain name of at most {ChunkKeyRing.LongestId} characters");
            if (!Convert.TryFromBase64String(text, bytes, out var length) || length != ChunkKeyRing.KeyBytes)
                throw Wrong($"the key '{id}' is not {ChunkKeyRing.KeyBytes} bytes in base64");
            keys[id] = bytes[..ChunkKeyRing.KeyBytes];
        }
        var current = Key ?? (keys.Count == 1 ? keys.Keys.First() : throw Wrong("of several Chunks:Keys, Chunks:Key must name the one that new data is written with"));
        return keys.ContainsKey(current) ? new ChunkKeyRing(current, keys) : throw Wrong($"Chunks:Key names '{current}', which is none of Chunks:Keys");
    }

    private static ChunkException Wrong(string why) => new(ChunkCodes.Key, why, "Correct Chunks:Key and Chunks:Keys of the destination; make a key by: head -c 32 /dev/urandom | base64");
}
