using System.IO.Compression;

namespace SnapshotWorkflows.Secondary.Chunks.Codec;

/// <summary>How a frame's bytes are compressed: the numbers of docs/formats/chunks.md.</summary>
internal enum LeafCoding : byte
{
    None = 0,
    Zstd = 1,
    Brotli = 2,
}

/// <summary>Compresses and decompresses leaves and index pages. One a thread: it keeps the library's working memory.</summary>
/// <remarks>zstd level 1, or Brotli quality 0 where libzstd is missing (slower).</remarks>
internal sealed unsafe class LeafCodec(bool? zstd = null) : IDisposable
{
    private readonly bool _zstd = LibZstd.IsThere && zstd != false;
    private nint _compress;
    private nint _decompress;

    /// <summary>Writes the smaller of both forms.</summary>
    /// <param name="target">At least as long as the source.</param>
    public int Compress(ReadOnlySpan<byte> source, Span<byte> target, out LeafCoding coding)
    {
        coding = _zstd ? LeafCoding.Zstd : LeafCoding.Brotli;
        var length = _zstd ? CompressZstd(source, target[..source.Length]) : CompressBrotli(source, target[..source.Length]);
        if (length > 0 && length < source.Length)
            return length;
        coding = LeafCoding.None;
        source.CopyTo(target);
        return source.Length;
    }

    /// <returns>False where the bytes are not those of a source of the target's length.</returns>
    public bool TryDecompress(LeafCoding coding, ReadOnlySpan<byte> source, Span<byte> target)
    {
        switch (coding)
        {
            case LeafCoding.None:
                return source.Length == target.Length && source.TryCopyTo(target);
            case LeafCoding.Zstd when LibZstd.IsThere:
                return DecompressZstd(source, target);
            case LeafCoding.Brotli:
                return BrotliDecoder.TryDecompress(source, target, out var written) && written == target.Length;
            case LeafCoding.Zstd:
                throw new ChunkException(ChunkCodes.Refused, "The repository is compressed by zstd, and neither this machine nor the program has a libzstd for it.", "Install Debian's libzstd1.");
            default:
                return false;
        }
    }

    public void Dispose()
    {
        if (_compress != 0)
            LibZstd.ZSTD_freeCCtx(_compress);
        if (_decompress != 0)
            LibZstd.ZSTD_freeDCtx(_decompress);
        _compress = _decompress = 0;
    }

    private int CompressZstd(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (_compress == 0)
            _compress = LibZstd.ZSTD_createCCtx();
        fixed (byte* from = source, to = target)
        {
            // A target as long as the source is too small for what does not compress: that error is the answer "leave it as it is".
            var length = LibZstd.ZSTD_compressCCtx(_compress, to, (nuint)target.Length, from, (nuint)source.Length, 1);
            return LibZstd.ZSTD_isError(length) != 0 ? 0 : (int)length;
        }
    }

    private static int CompressBrotli(ReadOnlySpan<byte> source, Span<byte> target) =>
        BrotliEncoder.TryCompress(source, target, out var written, quality: 0, window: 22) ? written : 0;

    private bool DecompressZstd(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (_decompress == 0)
            _decompress = LibZstd.ZSTD_createDCtx();
        fixed (byte* from = source, to = target)
        {
            var length = LibZstd.ZSTD_decompressDCtx(_decompress, to, (nuint)target.Length, from, (nuint)source.Length);
            return LibZstd.ZSTD_isError(length) == 0 && length == (nuint)target.Length;
        }
    }
}
