using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Threading.Channels;
using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>One attempt at a copy: one flow reads and drops zeros, a few flows hash and stage.</summary>
internal sealed class VhdCopyRun(VhdCopyLayout layout, IStagedObject? staged, IProgress<DiskProgress>? progress)
{
    private const long InlineUpToBytes = 32 << 20;

    private readonly BufferPool _buffers = new(layout.Buffers * DiskRoot.GroupBytes);
    private readonly DiskRootBuilder _builder = new(layout.DiskBytes);
    private readonly uint[] _table = VhdWriter.NewTable(layout.Header);
    private readonly List<StagedPart> _parts = [];
    private readonly Lock _gate = new();
    private long _next = layout.DataStart;
    private int _allocated;
    private long _sent;
    private long _kept;
    private long _passed;

    /// <param name="there">The object, where it exists already: then nothing is sent.</param>
    public async Task<VhdCopyReceipt> RunAsync(Func<BufferPool, CancellationToken, IAsyncEnumerable<DiskPiece>> pieces, StoreObject? there, CancellationToken cancellation)
    {
        await PassAsync(pieces, cancellation);
        var dataBytes = _next + layout.Footer.Length;
        var outcome = PutOutcome.AlreadyExists;
        if (staged is not null)
            outcome = await FinishAsync(staged, cancellation);
        else if (there!.Length != dataBytes)
        {
            throw new SecondaryStoreException(StoreCodes.Exists, $"'{layout.Location}' exists and has {there.Length} bytes, this copy would have {dataBytes}.",
                "It is not this copy's: look at who made it.");
        }
        progress?.Report(new DiskProgress(layout.DiskBytes, layout.DiskBytes));
        return new VhdCopyReceipt(_builder.Digest(null), dataBytes, _allocated, _sent, _kept, outcome);
    }

    private async Task PassAsync(Func<BufferPool, CancellationToken, IAsyncEnumerable<DiskPiece>> pieces, CancellationToken cancellation)
    {
        // Small disks on the caller's own flow, step after step: not worth a thread, and the same order every time.
        if (layout.DiskBytes <= InlineUpToBytes)
        {
            await ReadAsync(pieces(_buffers, cancellation), StagePartAsync, cancellation);
            return;
        }
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var jobs = Channel.CreateBounded<PartJob>(1);
        Exception? first = null;
        var flows = new List<Task> { FlowAsync(() => FillAsync(pieces(_buffers, failed.Token), jobs.Writer, failed.Token)) };
        for (var i = 0; i < layout.PartsInFlight; i++)
            flows.Add(FlowAsync(() => StageAsync(jobs.Reader, failed.Token)));
        await Task.WhenAll(flows);
        if (first is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);

        // The first failure is the one to show; it stops the other flows, whose cancellations are only its echo.
        async Task FlowAsync(Func<Task> flow)
        {
            try
            {
                await Task.Run(flow, CancellationToken.None);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref first, e, null);
                await failed.CancelAsync();
            }
        }
    }

    private async Task FillAsync(IAsyncEnumerable<DiskPiece> pieces, ChannelWriter<PartJob> jobs, CancellationToken cancellation)
    {
        try
        {
            await ReadAsync(pieces, async (job, token) => await jobs.WriteAsync(job, token), cancellation);
        }
        finally
        {
            jobs.TryComplete();
        }
    }

    private async Task ReadAsync(IAsyncEnumerable<DiskPiece> pieces, Func<PartJob, CancellationToken, Task> give, CancellationToken cancellation)
    {
        var job = NewJob();
        await foreach (var piece in pieces.WithCancellation(cancellation))
        {
            if (!piece.Bytes.ContainsAnyExcept((byte)0))
            {
                _buffers.Return(piece.Buffer);
                continue;
            }
            Place(piece);
            job.Pieces.Add(piece);
            if (job.Pieces.Count < layout.BlocksPerPart)
                continue;
            await give(job, cancellation);
            job = NewJob();
        }
        if (job.Pieces.Count > 0)
            await give(job, cancellation);
    }

    private PartJob NewJob()
    {
        // Part 0 is the front, which is known last.
        var job = new PartJob(_parts.Count + 1, _next, []);
        lock (_gate)
            _parts.Add(null!);
        return job;
    }

    private void Place(DiskPiece piece)
    {
        // The last block is as long as the others; what lies beyond the disk is zeros.
        piece.Buffer.Span[piece.Length..].Clear();
        _table[piece.Offset / DiskRoot.GroupBytes] = (uint)((_next + VhdCopyLayout.BitmapAt) / VhdFormat.SectorBytes);
        _next += VhdCopyLayout.BlockStride;
        _allocated++;
    }

    private async Task StageAsync(ChannelReader<PartJob> jobs, CancellationToken cancellation)
    {
        await foreach (var job in jobs.ReadAllAsync(cancellation))
            await StagePartAsync(job, cancellation);
    }

    private async Task StagePartAsync(PartJob job, CancellationToken cancellation)
    {
        var part = new StagedPart(job.Index, job.Offset, job.Pieces.Count * VhdCopyLayout.BlockStride, Hash(job));
        lock (_gate)
            _parts[job.Index - 1] = part;
        if (staged is not null)
            await SendAsync(staged, part, [.. job.Pieces.SelectMany(piece => new ReadOnlyMemory<byte>[] { VhdCopyLayout.BlockHead, piece.Buffer.Memory })], cancellation);
        foreach (var piece in job.Pieces)
            _buffers.Return(piece.Buffer);
        Report(job.Pieces[^1]);
    }

    /// <summary>Hashes the leaves once, for the disk's root and for the part's identity: a part is a function of its blocks' places and bytes.</summary>
    private string Hash(PartJob job)
    {
        Span<byte> leaves = stackalloc byte[DiskRoot.LeavesPerGroup * DiskRoot.HashBytes];
        Span<byte> number = stackalloc byte[8];
        using var identity = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        identity.AppendData("swf-vhd-part-2"u8);
        BinaryPrimitives.WriteInt64BigEndian(number, layout.DiskBytes);
        identity.AppendData(number);
        foreach (var piece in job.Pieces)
        {
            var hashes = GroupHash.Leaves(piece.Buffer.Span, piece.Length, leaves);
            _builder.AddGroup(piece.Offset / DiskRoot.GroupBytes, hashes);
            BinaryPrimitives.WriteInt64BigEndian(number, piece.Offset);
            identity.AppendData(number);
            identity.AppendData(hashes);
        }
        return Convert.ToHexStringLower(identity.GetHashAndReset());
    }

    private async Task<PutOutcome> FinishAsync(IStagedObject staged, CancellationToken cancellation)
    {
        var front = VhdWriter.Front(layout.Footer, layout.Header, _table, layout.DataStart);
        // A part was opened for blocks that never came when their number is a whole number of parts, or zero.
        _parts.RemoveAll(part => part is null);
        List<StagedPart> parts = [Plain(0, 0, front), .. _parts, Plain(_parts.Count + 1, _next, layout.Footer)];
        await SendAsync(staged, parts[^1], [layout.Footer], cancellation);
        await SendAsync(staged, parts[0], [front], cancellation);
        return await staged.CommitAsync(parts, cancellation);
    }

    private static StagedPart Plain(int index, long offset, byte[] content) => new(index, offset, content.Length, Convert.ToHexStringLower(SHA256.HashData(content)));

    private async Task SendAsync(IStagedObject staged, StagedPart part, IReadOnlyList<ReadOnlyMemory<byte>> content, CancellationToken cancellation)
    {
        if (staged.Holds(part))
        {
            Interlocked.Add(ref _kept, part.Length);
            return;
        }
        await staged.WriteAsync(part, content, cancellation);
        Interlocked.Add(ref _sent, part.Length);
    }

    private void Report(DiskPiece last)
    {
        lock (_gate)
        {
            _passed = Math.Max(_passed, last.Offset + last.Length);
            progress?.Report(new DiskProgress(_passed, layout.DiskBytes));
        }
    }

    private sealed record PartJob(int Index, long Offset, List<DiskPiece> Pieces);
}
