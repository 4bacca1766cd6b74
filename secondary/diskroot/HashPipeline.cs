using System.Security.Cryptography;
using System.Threading.Channels;

namespace SnapshotWorkflows.Secondary.DiskRoots;

/// <summary>Pieces in, digest out: the reader goes ahead by as many buffers as there are, workers detect zeros and hash leaves, the plain hash (if any) is taken in order as pieces arrive.</summary>
internal sealed class HashPipeline
{
    private const long InlineUpToBytes = 32 << 20;

    // Where hashing is the slower part the reader fills every buffer that it is given, and twenty disks at once are hashed by as few cores as one: two for each worker, and some to read into, lose nothing.
    private const int PiecesPerWorker = 2;
    private const int PiecesAhead = 4;

    private static readonly byte[] s_zeros = new byte[1 << 20];

    private readonly long _diskBytes;
    private readonly int _workers;
    private readonly bool _sha256;
    private readonly IProgress<DiskProgress>? _progress;
    private readonly DiskRootBuilder _builder;

    public HashPipeline(long diskBytes, DiskHashOptions options, IProgress<DiskProgress>? progress)
    {
        _diskBytes = diskBytes;
        _workers = diskBytes <= InlineUpToBytes ? 1 : Math.Max(1, options.Workers);
        _sha256 = options.Sha256;
        _progress = progress;
        _builder = new DiskRootBuilder(diskBytes);
        Buffers = new BufferPool((int)Math.Min(options.BufferBytesMax, ((long)PiecesPerWorker * _workers + PiecesAhead) * DiskRoot.GroupBytes));
    }

    public BufferPool Buffers { get; }

    public async Task<DiskDigest> RunAsync(IAsyncEnumerable<DiskPiece> pieces, CancellationToken cancellation)
    {
        using var plain = _sha256 ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        var position = _workers == 1
            ? await RunInlineAsync(pieces, plain, cancellation)
            : await RunParallelAsync(pieces, plain, cancellation);
        AppendZeros(plain, position, _diskBytes);
        Buffers.Leave();
        _progress?.Report(new DiskProgress(_diskBytes, _diskBytes));
        return _builder.Digest(plain is null ? null : Convert.ToHexStringLower(plain.GetHashAndReset()));
    }

    private async Task<long> RunInlineAsync(IAsyncEnumerable<DiskPiece> pieces, IncrementalHash? plain, CancellationToken cancellation)
    {
        long position = 0;
        await foreach (var piece in pieces.WithCancellation(cancellation))
        {
            position = Pass(piece, plain, position);
            HashLeaves(piece);
        }
        return position;
    }

    private async Task<long> RunParallelAsync(IAsyncEnumerable<DiskPiece> pieces, IncrementalHash? plain, CancellationToken cancellation)
    {
        // Unbounded in itself: the pool's buffers are the bound.
        var channel = Channel.CreateUnbounded<DiskPiece>(new UnboundedChannelOptions { SingleWriter = true });
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var workers = new Task[_workers];
        for (var i = 0; i < workers.Length; i++)
            workers[i] = Task.Run(() => WorkAsync(channel.Reader, failed), CancellationToken.None);
        long position = 0;
        try
        {
            // The pieces are made with the same token, so a worker's failure also wakes a reader that waits for a buffer.
            await foreach (var piece in pieces.WithCancellation(failed.Token))
            {
                position = Pass(piece, plain, position);
                channel.Writer.TryWrite(piece);
            }
        }
        catch (OperationCanceledException) when (failed.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            // A worker failed; its own exception is the one to show, and awaiting it below does.
        }
        finally
        {
            channel.Writer.TryComplete();
            await Task.WhenAll(workers);
        }
        return position;
    }

    private async Task WorkAsync(ChannelReader<DiskPiece> pieces, CancellationTokenSource failed)
    {
        try
        {
            await foreach (var piece in pieces.ReadAllAsync(failed.Token))
                HashLeaves(piece);
        }
        catch
        {
            await failed.CancelAsync();
            throw;
        }
    }

    private long Pass(DiskPiece piece, IncrementalHash? plain, long position)
    {
        if (plain is not null)
        {
            if (piece.Offset < position)
            {
                throw new DiskContentException("disk.out-of-order", $"The bytes at {piece.Offset} come after those at {position}: a plain SHA-256 needs them in order.",
                    "Ask for the root only, or read the disk from a store.");
            }
            AppendZeros(plain, position, piece.Offset);
            plain.AppendData(piece.Bytes);
        }
        _progress?.Report(new DiskProgress(piece.Offset + piece.Length, _diskBytes));
        return piece.Offset + piece.Length;
    }

    private static void AppendZeros(IncrementalHash? plain, long from, long to)
    {
        for (; plain is not null && from < to; from += s_zeros.Length)
            plain.AppendData(s_zeros.AsSpan(0, (int)Math.Min(s_zeros.Length, to - from)));
    }

    private void HashLeaves(DiskPiece piece)
    {
        Span<byte> hashes = stackalloc byte[DiskRoot.LeavesPerGroup * DiskRoot.HashBytes];
        _builder.AddGroup(piece.Offset / DiskRoot.GroupBytes, GroupHash.Leaves(piece.Buffer.Span, piece.Length, hashes));
        Buffers.Return(piece.Buffer);
    }
}
