using SnapshotWorkflows.Secondary.DiskRoots;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>How a disk's VHD is cut into parts: part 0 is footer copy, header and table; then parts of a fixed number of blocks; the last part is the footer.</summary>
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

    public long DiskBytes { get; }
    public string Location { get; }
    public byte[] Footer { get; }
    public VhdHeader Header { get; }
    public int BlocksPerPart { get; }
    public int PartsInFlight { get; }
    public int Buffers { get; }
}
