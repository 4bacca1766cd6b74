using System.Buffers;
using SnapshotWorkflows.Secondary.Nfs;

namespace SnapshotWorkflows.Secondary;

/// <summary>Memory that stays where it is and begins at a multiple of 4,096: what is written from it needs no copy on its way to the disk. Small ones come from the shared pool and are not aligned, unless they must be.</summary>
internal sealed class AlignedBuffer : IDisposable
{
    private const int PooledBytesMax = 1 << 20;
    private readonly bool _pooled;

    /// <param name="mustAlign">Small ones too.</param>
    public unsafe AlignedBuffer(int bytes, bool mustAlign = false)
    {
        _pooled = bytes <= PooledBytesMax && !mustAlign;
        Array = _pooled ? ArrayPool<byte>.Shared.Rent(bytes) : GC.AllocateUninitializedArray<byte>(bytes + DirectFile.Alignment, pinned: true);
        if (!_pooled)
        {
            fixed (byte* at = Array)
                Offset = (int)((DirectFile.Alignment - (nuint)at % DirectFile.Alignment) % DirectFile.Alignment);
        }
        Length = bytes;
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
