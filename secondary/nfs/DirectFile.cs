using Microsoft.Win32.SafeHandles;

namespace SnapshotWorkflows.Secondary.Nfs;

/// <summary>
/// Writes past the page cache (O_DIRECT, open(2)), where the file system takes it: large writes that nobody here reads again cost the kernel a tenth of the processor time so, and do not push out of memory what others
/// need (docs/performance.md). What is not aligned, and everything where the file system refuses, goes the ordinary way.
/// </summary>
/// <remarks>Safe for many threads that write to different places. Owns a second handle of the file, never the one it was given. Durable only after that one is synced.</remarks>
internal sealed class DirectFile : IDisposable
{
    /// <summary>Of offset, length and address in memory; no disk in use asks for more.</summary>
    public const int Alignment = 4096;

    private readonly SafeFileHandle _ordinary;
    private readonly SafeFileHandle? _direct;
    private volatile bool _isRefused;

    /// <param name="path">Of the file that is open as <paramref name="ordinary"/>.</param>
    public DirectFile(SafeFileHandle ordinary, string path)
    {
        _ordinary = ordinary;
        var direct = Libc.Open(path, Libc.WriteOnly);
        if (Libc.TrySetDirect(direct))
            _direct = direct;
        else
            direct.Dispose();
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        var aligned = _direct is null || _isRefused || offset % Alignment != 0 || !IsAligned(bytes) ? 0 : bytes.Length / Alignment * Alignment;
        if (aligned > 0 && !TryWrite(bytes[..aligned], offset))
            aligned = 0;
        if (aligned < bytes.Length)
            RandomAccess.Write(_ordinary, bytes[aligned..], offset + aligned);
    }

    /// <summary>Several pieces of memory, one after the other into the file.</summary>
    public void Write(IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset)
    {
        if (_direct is null || _isRefused || offset % Alignment != 0 || !pieces.All(piece => piece.Length % Alignment == 0 && IsAligned(piece.Span)) || !TryWrite(pieces, offset))
            RandomAccess.Write(_ordinary, pieces, offset);
    }

    public void Dispose() => _direct?.Dispose();

    private bool TryWrite(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(_direct!, bytes, offset);
            return true;
        }
        catch (IOException e) when (IsRefusal(e))
        {
            _isRefused = true;
            return false;
        }
    }

    private bool TryWrite(IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset)
    {
        try
        {
            RandomAccess.Write(_direct!, pieces, offset);
            return true;
        }
        catch (IOException e) when (IsRefusal(e))
        {
            _isRefused = true;
            return false;
        }
    }

    // Some file systems let the flag be set and refuse the call.
    internal static bool IsRefusal(IOException e) => e.HResult is Libc.Einval or Libc.Eopnotsupp;

    internal static unsafe bool IsAligned(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* at = bytes)
            return (nuint)at % Alignment == 0;
    }
}
