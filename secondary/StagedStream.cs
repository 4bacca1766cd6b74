using System.Security.Cryptography;

namespace SnapshotWorkflows.Secondary;

/// <summary>Puts a stream of unknown length through staged parts: each part can be repeated by itself, which a stream cannot.</summary>
internal static class StagedStream
{
    public const int PartBytes = 8 << 20;
    private const int PartsOfOneSize = 10_000;

    /// <summary>Parts grow with the object, so that 50,000 of them hold more than any disk here: 8 MiB, from part 10,000 on 16 MiB, and so on up to 128 MiB.</summary>
    public static int BytesOf(int index) => PartBytes << Math.Min(4, index / PartsOfOneSize);

    /// <summary>What a stream over memory has left, for one call; null for another stream, and where it is too long to be sent again as a whole. A pack is a little longer than a part.</summary>
    public static ReadOnlyMemory<byte>? InMemory(Stream content)
    {
        // Not a conditional expression: its null would be an empty Memory, by way of a null array. And no heir, whose reading may be another.
        if (content.GetType() == typeof(MemoryStream) && content is MemoryStream memory && memory.TryGetBuffer(out var bytes) && bytes.Count <= 4 * PartBytes)
            return bytes.AsMemory((int)memory.Position);
        return null;
    }

    /// <summary>Fills the buffer from the stream as far as it goes.</summary>
    public static ValueTask<int> FillAsync(Stream content, Memory<byte> buffer, CancellationToken cancellation) =>
        content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);

    /// <param name="first">What was read of the stream already: a whole first part.</param>
    public static async Task<PutOutcome> PutAsync(IStagedObjects store, string name, string session, byte[] first, Stream rest, CancellationToken cancellation)
    {
        await using var staged = await store.OpenStagedAsync(name, session, cancellation);
        var parts = new List<StagedPart>();
        try
        {
            var buffer = first;
            var length = first.Length;
            for (long offset = 0; length > 0; offset += parts[^1].Length)
            {
                var part = new StagedPart(parts.Count, offset, length, Convert.ToHexStringLower(SHA256.HashData(buffer.AsSpan(0, length))));
                await staged.WriteAsync(part, buffer.AsMemory(0, length), cancellation);
                parts.Add(part);
                if (buffer.Length != BytesOf(parts.Count))
                    buffer = new byte[BytesOf(parts.Count)];
                length = await FillAsync(rest, buffer, cancellation);
            }
        }
        catch
        {
            // A stream cannot be taken up again, so its parts are worth nothing. What this removal does not reach, a sweep does.
            await DiscardAsync(store, name);
            throw;
        }
        return await staged.CommitAsync(parts, cancellation);
    }

    private static async Task DiscardAsync(IStagedObjects store, string name)
    {
        try
        {
            await store.DiscardStagedAsync(name, CancellationToken.None);
        }
        catch (SecondaryStoreException)
        {
            // The first fault is the one to tell.
        }
    }
}
