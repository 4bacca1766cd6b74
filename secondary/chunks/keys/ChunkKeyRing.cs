namespace SnapshotWorkflows.Secondary.Chunks.Keys;

/// <summary>Master keys that a repository may be opened with. They are kept outside of it; losing all of them is losing the data.</summary>
public sealed class ChunkKeyRing
{
    public const int KeyBytes = 32;
    public const int LongestId = 32;

    private readonly Dictionary<string, byte[]> _keys = new(StringComparer.Ordinal);

    /// <param name="currentId">Id of the key that new data is written with: a name segment of at most 32 characters.</param>
    /// <param name="keys">Keys of 32 bytes by id.</param>
    /// <exception cref="ChunkException"><c>chunks.key</c>.</exception>
    public ChunkKeyRing(string currentId, IReadOnlyDictionary<string, byte[]> keys)
    {
        foreach (var (id, key) in keys)
        {
            if (!StoreName.IsValidSegment(id) || id.Length > LongestId || key.Length != KeyBytes)
                throw new ChunkException(ChunkCodes.Key, $"A key's id must be a plain name of at most {LongestId} characters, and the key must have {KeyBytes} bytes.", "Correct the keys in the settings.");
            _keys[id] = [.. key];
        }
        if (!_keys.ContainsKey(currentId))
            throw new ChunkException(ChunkCodes.Key, "The current key is none of the keys.", "Name one of the given keys as the current one.");
        CurrentId = currentId;
    }

    public string CurrentId { get; }

    internal IEnumerable<string> Ids => _keys.Keys;

    internal byte[]? Find(string id) => _keys.GetValueOrDefault(id);

    /// <summary>Names no key's bytes.</summary>
    public override string ToString() => $"key ring of {_keys.Count}, current {CurrentId}";
}
