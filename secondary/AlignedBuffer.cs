using System.Buffers;
using SnapshotWorkflows.Secondary.Nfs;

namespace SnapshotWorkflows.Secondary;

/// <summary>
/// Memory that stays where it is and begins at a multiple of 4,096: what is written from it needs no copy on its way to the disk. Small ones come from the shared pool and are not aligned, unless they must be;
/// large ones lie in huge pages, where the system gives them.
/// </summary>
/// <remarks>On virtual machines the first touch of a page is what memory costs: of 128 MiB 0.8 s in pages of 4 KiB, 0.5 s in huge ones (docs/performance.md). So buffers are few, and are used again.</remarks>
internal sealed class AlignedBuffer : IDisposable
{
    private const int PooledBytesMax = 1 << 20;
    private const int HugePageBytes = 2 << 20;
    private const int HugeFromBytes = 4 * HugePageBytes;
    private readonly bool _pooled;

    /// <param name="mustAlign">Small ones too.</param>
    public unsafe AlignedBuffer(int bytes, bool mustAlign = false)
    {
        _pooled = bytes <= PooledBytesMax && !mustAlign;
        Length = bytes;
        if (_pooled)
        {
            Array = ArrayPool<byte>.Shared.Rent(bytes);
            return;
        }
        // What lies before the buffer is never touched, and so is no memory.
        var alignment = bytes >= HugeFromBytes ? HugePageBytes : DirectFile.Alignment;
        Array = GC.AllocateUninitializedArray<byte>(bytes + alignment, pinned: true);
        fixed (byte* at = Array)
        {
            Offset = (int)(((nuint)alignment - (nuint)at % (nuint)alignment) % (nuint)alignment);
            if (alignment == HugePageBytes)
                Libc.AdviseHugePages(at + Offset, bytes / HugePageBytes * HugePageBytes);
        }
    }

    public byte[] Array { get; }

    /// <summary>Where the buffer begins in its array.</summary>
    public int Offset { get; }

    public int Length { get; }

    public Span<byte> Span => Array.AsSpan(Offset, Length);

    public Memory<byte> Memory => Array.AsMemory(Offset, Length);

    public void Dispose()
    {
        if (_pooled)
            ArrayPool<byte>.Shared.Return(Array);
    }
}
