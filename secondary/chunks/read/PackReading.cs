using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;

namespace SnapshotWorkflows.Secondary.Chunks.Read;

/// <summary>Reads of packs.</summary>
internal static class PackReading
{
    // The tail of a pack of 8 MiB that compressed by half: mostly one read instead of two.
    private const int Guess = 12 * 1024;

    /// <exception cref="ChunkException"><c>chunks.damaged</c>, <c>chunks.missing</c>.</exception>
    public static async Task<PackTail> TailAsync(ChunkRoom room, ObjectName name, ReadPurpose purpose, CancellationToken cancellation)
    {
        await using var reader = await room.OpenAsync(room.Names.Pack(name), purpose, cancellation);
        return await TailAsync(room, name, reader, cancellation);
    }

    public static async Task<PackTail> TailAsync(ChunkRoom room, ObjectName name, IStoreReader reader, CancellationToken cancellation)
    {
        var bytes = new byte[Math.Min(Guess, reader.Length)];
        if (bytes.Length >= PackTail.FixedBytes && await reader.ReadAsync(reader.Length - bytes.Length, bytes, cancellation) == bytes.Length
            && PackTail.TryLength(bytes.AsSpan(bytes.Length - 12), out var length) && length <= reader.Length)
        {
            if (length > bytes.Length)
            {
                bytes = new byte[length];
                if (await reader.ReadAsync(reader.Length - length, bytes, cancellation) != length)
                    throw Damaged(room, name);
            }
            if (PackTail.Read(bytes.AsSpan(bytes.Length - length), name.Hash, reader.Length) is { } tail)
                return tail;
        }
        throw Damaged(room, name);
    }

    public static ChunkException Damaged(ChunkRoom room, ObjectName name) => ChunkTexts.Damaged(room.Names.Pack(name), "its tail is not the one that its name stands for");
}
