using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>
/// Reads of an open file past the page cache (O_DIRECT, open(2)), where the file system takes it and the read is aligned: what is read once costs less so, and comes from the disk or the server for certain.
/// </summary>
/// <remarks>Safe for many threads. Owns a second handle of the same file, never the one it was given.</remarks>
internal sealed class DirectReads : IDisposable
{
    private const int Alignment = DirectFile.Alignment;

    // Below that the ordinary way is the better one.
    private const int BytesMin = 64 * 1024;

    [ThreadStatic]
    private static AlignedBuffer? t_page;

    private readonly SafeFileHandle? _direct;
    private volatile bool _isRefused;

    public DirectReads(SafeFileHandle ordinary)
    {
        try
        {
            // By its number, so that it is the same file whatever became of its name.
            var direct = Libc.Open($"/proc/self/fd/{ordinary.DangerousGetHandle()}", Libc.ReadOnly);
            if (Libc.TrySetDirect(direct))
                _direct = direct;
            else
                direct.Dispose();
        }
        catch (IOException)
        {
            // No /proc here: the ordinary way has everything.
        }
    }

    /// <summary>As much of the buffer as can be read so.</summary>
    /// <returns>Bytes from the buffer's beginning on; 0 where the read has to go the ordinary way.</returns>
    public int Read(long offset, Memory<byte> buffer)
    {
        var wanted = buffer.Length / Alignment * Alignment;
        if (!Suits(offset, buffer.Span, wanted))
            return 0;
        try
        {
            return RandomAccess.Read(_direct!, buffer.Span[..wanted], offset);
        }
        catch (IOException e) when (DirectFile.IsRefusal(e))
        {
            _isRefused = true;
            return 0;
        }
    }

    /// <summary>A few bytes and what follows them, of which the latter must be aligned: a VHD's block.</summary>
    /// <returns>Bytes of both together, from the first one's beginning on; 0 where the read has to go the ordinary way.</returns>
    public int Read(long offset, Memory<byte> head, Memory<byte> rest)
    {
        var start = offset + head.Length;
        if (head.Length > Alignment || rest.Length % Alignment != 0 || !Suits(start, rest.Span, rest.Length))
            return 0;
        t_page ??= new AlignedBuffer(Alignment, mustAlign: true);
        try
        {
            var read = (int)RandomAccess.Read(_direct!, [t_page.Memory, rest], start - Alignment);
            var skipped = Alignment - head.Length;
            if (read < Alignment)
                return 0;
            t_page.Memory[skipped..].CopyTo(head);
            return read - skipped;
        }
        catch (IOException e) when (DirectFile.IsRefusal(e))
        {
            _isRefused = true;
            return 0;
        }
    }

    public void Dispose() => _direct?.Dispose();

    private bool Suits(long offset, ReadOnlySpan<byte> buffer, int wanted) =>
        _direct is not null && !_isRefused && wanted >= BytesMin && offset % Alignment == 0 && DirectFile.IsAligned(buffer);
}
