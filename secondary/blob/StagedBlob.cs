using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Azure.Storage.Blobs.Specialized;

namespace SnapshotWorkflows.Secondary.Blobs;

/// <summary>
/// Uncommitted blocks of one blob. A block's id is the part's index, its session and its identity, so that a block of other bytes, of another session or of another place is never
/// taken for it; all ids of a blob have the same length, as the service demands.
/// </summary>
internal sealed class StagedBlob(BlobStore store, BlockBlobClient blob, string name, string session, IReadOnlyDictionary<string, int> uncommitted) : IStagedObject
{
    private const int SessionBytes = 16;
    private const int IdentityBytes = StagedParts.IdentityDigits / 2;

    private readonly byte[] _session = SessionHash(session);
    private readonly ConcurrentDictionary<string, int> _held = new(uncommitted, StringComparer.Ordinal);

    public bool Holds(StagedPart part) => _held.TryGetValue(BlockId(part), out var length) && length == part.Length;

    public async Task WriteAsync(StagedPart part, IReadOnlyList<ReadOnlyMemory<byte>> content, CancellationToken cancellation)
    {
        StagedParts.DemandLength(part, content);
        var id = BlockId(part);
        await store.StageAsync(blob, name, id, content, cancellation);
        _held[id] = part.Length;
    }

    public Task<PutOutcome> CommitAsync(IReadOnlyList<StagedPart> parts, CancellationToken cancellation)
    {
        StagedParts.DemandWhole(parts);
        return store.CommitAsync(blob, name, session, [.. parts.Select(BlockId)], cancellation);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // 52 bytes: below the 64 that an id may have.
    private string BlockId(StagedPart part)
    {
        Span<byte> id = stackalloc byte[4 + SessionBytes + IdentityBytes];
        BinaryPrimitives.WriteInt32BigEndian(id, part.Index);
        _session.CopyTo(id[4..]);
        Convert.FromHexString(part.Identity, id[(4 + SessionBytes)..], out _, out var written);
        ArgumentOutOfRangeException.ThrowIfNotEqual(written, IdentityBytes);
        return Convert.ToBase64String(id);
    }

    private static byte[] SessionHash(string session) => System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(session))[..SessionBytes];
}
