using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>How a disk's VHD is cut into parts: part 0 is footer copy, header and table; then parts of a fixed number of blocks; the last part is the footer.</summary>
/// <remarks>As libvhd does, a block's data begins at a multiple of 4 KiB, and its bitmap lies in the 4 KiB before: so both writing and reading need no copy in memory (<see cref="Nfs.DirectFile"/>).</remarks>
internal sealed class VhdCopyLayout
{
    // 8 MiB: large enough that a request's own cost does not count, small enough for many at once.
    private const int BlocksPerPartMin = 4;
    private const int InFlightBytesMax = 32 << 20;
    private const int PartsInFlightMax = 4;

    public VhdCopyLayout(long diskBytes, VhdCopyRequest request)
    {
        var options = new VhdWriteOptions { DiskBytes = diskBytes, UniqueId = request.UniqueId, Timestamp = request.Timestamp };
        DiskBytes = diskBytes;
        Location = request.Location;
        Footer = options.Footer().Write();
        Header = options.Header();
        BlocksPerPart = (int)Math.Max(BlocksPerPartMin, (Header.TableEntries + StagedParts.CountMax - 3) / (StagedParts.CountMax - 2));
        var partBytes = BlocksPerPart * DiskRoot.GroupBytes;
        PartsInFlight = Math.Clamp(Math.Min(InFlightBytesMax, request.BufferBytesMax / 2) / partBytes, 1, PartsInFlightMax);
        // One part is being filled while the others are under way, and the source may be read ahead a little.
        Buffers = (PartsInFlight + 1) * BlocksPerPart + ReadAhead.Depth;
    }

    /// <summary>What stands before each block's data: nothing, and at its end the bitmap.</summary>
    public static ReadOnlyMemory<byte> BlockHead { get; } = MakeBlockHead();

    /// <summary>From one block's head to the next one's.</summary>
    public static int BlockStride => BlockHead.Length + DiskRoot.GroupBytes;

    /// <summary>Where the bitmap lies in a block's head.</summary>
    public static int BitmapAt => BlockHead.Length - VhdWriter.FullBitmap.Length;

    /// <summary>Where the first block's head begins.</summary>
    public long DataStart => (VhdWriter.DataStart(Header) + Nfs.DirectFile.Alignment - 1) / Nfs.DirectFile.Alignment * Nfs.DirectFile.Alignment;

    public long DiskBytes { get; }
    public string Location { get; }
    public byte[] Footer { get; }
    public VhdHeader Header { get; }
    public int BlocksPerPart { get; }
    public int PartsInFlight { get; }
    public int Buffers { get; }

    private static Memory<byte> MakeBlockHead()
    {
        var head = new AlignedBuffer(Nfs.DirectFile.Alignment, mustAlign: true).Memory;
        head.Span.Clear();
        VhdWriter.FullBitmap.CopyTo(head[(head.Length - VhdWriter.FullBitmap.Length)..]);
        return head;
    }
}
