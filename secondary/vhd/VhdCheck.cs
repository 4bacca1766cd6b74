using System.Buffers.Binary;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>
/// Checks a VHD's structure by every rule of blktap's vhd-util check. Reads footers, header and block table, no data. Gaps between blocks are allowed: libvhd leaves them.
/// </summary>
public sealed class VhdCheck
{
    private const int FindingsMax = 200;
    private const int TimestampGraceSeconds = 1800;

    private readonly IRandomAccessSource _source;
    private readonly DateTimeOffset _now;
    private readonly List<VhdFinding> _findings = [];
    private bool _truncated;
    private long _diskBytes;
    private int _allocated;

    private VhdCheck(IRandomAccessSource source, DateTimeOffset now)
    {
        _source = source;
        _now = now;
    }

    /// <param name="source">The VHD file.</param>
    /// <param name="now">For the rule on timestamps.</param>
    public static async Task<VhdCheckResult> RunAsync(IRandomAccessSource source, DateTimeOffset now, CancellationToken cancellation)
    {
        var check = new VhdCheck(source, now);
        await check.RunAsync(cancellation);
        return new VhdCheckResult
        {
            Findings = check._findings,
            DiskBytes = check._diskBytes,
            AllocatedBlocks = check._allocated,
            Truncated = check._truncated,
        };
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        if (_source.Length < VhdFormat.FooterBytes)
        {
            Error(VhdRule.Length, 0, $"{_source.Length} bytes are less than a footer.");
            return;
        }
        var footerAt = await FindFooterAsync(cancellation);
        if (footerAt is null)
            return;
        var bytes = await ReadAsync(footerAt.Value, VhdFormat.FooterBytes, cancellation);
        var footer = CheckFooter(bytes, footerAt.Value);
        if (footer is null)
            return;
        _diskBytes = footer.CurrentBytes;
        switch (footer.Type)
        {
            case VhdType.Fixed:
                CheckFixed(footer, footerAt.Value);
                break;
            case VhdType.Differencing:
                Error(VhdRule.Parent, footerAt.Value + 60, "A differencing disk holds only changes to a parent; a copy must be self-contained.");
                break;
            case VhdType.Dynamic:
                await CheckDynamicAsync(footer, bytes, footerAt.Value, cancellation);
                break;
        }
    }

    // The footer is the last 512 bytes; very old writers made one of 511.
    private async Task<long?> FindFooterAsync(CancellationToken cancellation)
    {
        var end = _source.Length - VhdFormat.FooterBytes;
        if (VhdFooter.HasCookie(await ReadAsync(end, VhdFormat.FooterBytes, cancellation)))
        {
            if (_source.Length % VhdFormat.SectorBytes != 0)
                Error(VhdRule.Length, _source.Length, "The file is no whole number of sectors long.");
            return end;
        }
        var shortFooter = await ReadAsync(end + 1, VhdFormat.FooterBytes - 1, cancellation);
        if (VhdFooter.HasCookie(shortFooter))
        {
            Warn(VhdRule.Length, end + 1, "The footer has 511 bytes, as very old writers made it.");
            return end + 1;
        }
        Error(VhdRule.FooterCookie, end, "The file does not end with a footer: it is cut short, or no VHD.");
        return null;
    }

    private VhdFooter? CheckFooter(byte[] bytes, long at)
    {
        Require(VhdFooter.ChecksumHolds(bytes), VhdRule.FooterChecksum, at + VhdFooter.ChecksumAt, "The footer's checksum is wrong.");
        var footer = VhdFooter.Parse(bytes);
        Require(footer.FormatVersion == 0x0001_0000, VhdRule.FooterVersion, at + 12, $"The footer's version is 0x{footer.FormatVersion:x8}, not 0x00010000.");
        Require((footer.Features & 2) != 0, VhdRule.FooterFeatures, at + 8, "The reserved feature bit 0x2 is not set.");
        Require(!bytes.AsSpan(VhdFooter.ReservedAt).ContainsAnyExcept((byte)0), VhdRule.FooterReserved, at + VhdFooter.ReservedAt, "The footer's reserved bytes are not zero.");
        Require(footer.UniqueId != Guid.Empty, VhdRule.UniqueId, at + 68, "The disk's uuid is all zeros.");
        var newest = (_now - VhdFormat.Epoch).TotalSeconds + TimestampGraceSeconds;
        Require(footer.Timestamp <= newest, VhdRule.Timestamp, at + 24, "The timestamp lies more than half an hour in the future: look at the clocks.");
        var sized = footer.CurrentBytes is > 0 and <= VhdFormat.MaxDiskBytes && footer.CurrentBytes % VhdFormat.SectorBytes == 0;
        Require(sized, VhdRule.DiskSize, at + 48, $"A disk of {footer.CurrentBytes} bytes: it must have whole sectors, one at least and 2040 GiB at most.");
        if (sized)
        {
            Require(footer.Geometry.Sectors <= VhdGeometry.ForSize(footer.CurrentBytes).Sectors, VhdRule.Geometry, at + 56,
                $"The geometry stands for {footer.Geometry.Sectors} sectors, more than the disk's size gives.");
        }
        var known = footer.Type is VhdType.Fixed or VhdType.Dynamic or VhdType.Differencing;
        Require(known, VhdRule.DiskType, at + 60, $"The disk type {(uint)footer.Type} is unknown.");
        return sized && known ? footer : null;
    }

    private void CheckFixed(VhdFooter footer, long footerAt)
    {
        Require(footer.DataOffset == ulong.MaxValue, VhdRule.FooterDataOffset, footerAt + 16, "A fixed disk's data offset must be all ones.");
        Require(footerAt == footer.CurrentBytes, VhdRule.Length, footerAt, $"The footer is at byte {footerAt}, the disk has {footer.CurrentBytes} bytes.");
    }

    private async Task CheckDynamicAsync(VhdFooter footer, byte[] footerBytes, long footerAt, CancellationToken cancellation)
    {
        var copy = await ReadAsync(0, VhdFormat.FooterBytes, cancellation);
        var compared = (int)Math.Min(VhdFormat.FooterBytes, _source.Length - footerAt);
        Require(copy.AsSpan(0, compared).SequenceEqual(footerBytes.AsSpan(0, compared)), VhdRule.FootersEqual, 0, "The copy of the footer at the beginning differs from the footer.");

        var at = (long)footer.DataOffset;
        if (footer.DataOffset < VhdFormat.FooterBytes || footer.DataOffset > (ulong)Math.Max(0, footerAt - VhdFormat.HeaderBytes) || at % VhdFormat.SectorBytes != 0)
        {
            Error(VhdRule.FooterDataOffset, footerAt + 16, $"The dynamic header cannot be at byte {footer.DataOffset}.");
            return;
        }
        var header = CheckHeader(await ReadAsync(at, VhdFormat.HeaderBytes, cancellation), at);
        if (header is null)
            return;
        var blocks = (footer.CurrentBytes + header.BlockBytes - 1) / header.BlockBytes;
        var enough = header.TableEntries >= blocks;
        Require(enough, VhdRule.TableSize, at + 28, $"The block table has {header.TableEntries} entries, the disk needs {blocks}.");
        var tableBytes = VhdFormat.RoundUpToSector(header.TableEntries * 4L);
        var fits = header.TableOffset + tableBytes <= footerAt;
        Require(fits, VhdRule.TableSize, at + 16, "The block table reaches beyond the footer.");
        if (!enough || !fits)
            return;
        var regions = new List<Region>
        {
            new(0, VhdFormat.FooterBytes, -1),
            new(at, at + VhdFormat.HeaderBytes, -1),
            new(header.TableOffset, header.TableOffset + tableBytes, -1),
        };
        await AddBatmapAsync(header.TableOffset + tableBytes, footerAt, regions, cancellation);
        await CheckTableAsync(header, blocks, footerAt, regions, cancellation);
        CheckOverlaps(regions);
    }

    private VhdHeader? CheckHeader(byte[] bytes, long at)
    {
        if (!VhdHeader.HasCookie(bytes))
        {
            Error(VhdRule.HeaderCookie, at, "There is no dynamic header where the footer says it is.");
            return null;
        }
        Require(VhdHeader.ChecksumHolds(bytes), VhdRule.HeaderChecksum, at + VhdHeader.ChecksumAt, "The dynamic header's checksum is wrong.");
        var header = VhdHeader.Parse(bytes);
        Require(header.Version == 0x0001_0000, VhdRule.HeaderVersion, at + 24, $"The header's version is 0x{header.Version:x8}, not 0x00010000.");
        Require(header.DataOffset == ulong.MaxValue, VhdRule.HeaderDataOffset, at + 8, "The header's data offset must be all ones.");
        Require(!bytes.AsSpan(60, 4).ContainsAnyExcept((byte)0) && !bytes.AsSpan(VhdHeader.ReservedAt).ContainsAnyExcept((byte)0),
            VhdRule.HeaderReserved, at + VhdHeader.ReservedAt, "The header's reserved bytes are not zero.");
        if (bytes.AsSpan(VhdHeader.ParentIdAt, 16).ContainsAnyExcept((byte)0) || bytes.AsSpan(VhdHeader.LocatorsAt, 24 * 8).ContainsAnyExcept((byte)0))
            Warn(VhdRule.Parent, at + VhdHeader.ParentIdAt, "The header of this self-contained disk still names a parent.");
        var sized = header.BlockBytes is >= 4096 and <= 256 << 20 && uint.IsPow2(header.BlockBytes);
        Require(sized, VhdRule.BlockSize, at + 32, $"A block size of {header.BlockBytes} bytes is no power of two between 4 KiB and 256 MiB.");
        var placed = header.TableOffset >= at + VhdFormat.HeaderBytes && header.TableOffset % VhdFormat.SectorBytes == 0 && header.TableOffset < _source.Length;
        Require(placed, VhdRule.TableOffset, at + 16, $"The block table cannot be at byte {header.TableOffset}.");
        return sized && placed ? header : null;
    }

    // libvhd's batmap: its header (cookie "tdbatmap", u64 offset, u32 sectors) in the sectors after the table, the map where it says.
    private async Task AddBatmapAsync(long at, long footerAt, List<Region> regions, CancellationToken cancellation)
    {
        if (at + VhdFormat.SectorBytes > footerAt)
            return;
        var bytes = await ReadAsync(at, 32, cancellation);
        if (!bytes.AsSpan().StartsWith("tdbatmap"u8))
            return;
        var offset = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(8));
        var length = BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(16)) * (long)VhdFormat.SectorBytes;
        regions.Add(new Region(at, at + VhdFormat.SectorBytes, -1));
        if (offset >= at + VhdFormat.SectorBytes && offset + length <= footerAt)
            regions.Add(new Region(offset, offset + length, -1));
        else
            Error(VhdRule.TableSize, at + 8, "The batmap lies outside the file.");
    }

    private async Task CheckTableAsync(VhdHeader header, long blocks, long footerAt, List<Region> regions, CancellationToken cancellation)
    {
        var bitmapBytes = VhdFormat.BitmapBytes((int)header.BlockBytes);
        var chunk = new byte[64 * 1024];
        for (long first = 0; first < header.TableEntries; first += chunk.Length / 4)
        {
            var count = (int)Math.Min(chunk.Length / 4, header.TableEntries - first);
            await _source.ReadExactlyAsync(header.TableOffset + first * 4, chunk.AsMemory(0, count * 4), cancellation);
            for (var i = 0; i < count; i++)
            {
                var sector = BinaryPrimitives.ReadUInt32BigEndian(chunk.AsSpan(i * 4));
                if (sector == VhdFormat.AbsentBlock)
                    continue;
                var entryAt = header.TableOffset + (first + i) * 4;
                if (first + i >= blocks)
                {
                    Warn(VhdRule.TableSize, entryAt, $"Entry {first + i} is set although the disk ends before it.");
                }
                else
                {
                    _allocated++;
                }
                var start = sector * (long)VhdFormat.SectorBytes;
                var end = start + bitmapBytes + header.BlockBytes;
                if (end > footerAt)
                    Error(VhdRule.BlockInsideFile, entryAt, $"Block {first + i} would end at byte {end}, the footer is at {footerAt}.");
                else
                    regions.Add(new Region(start, end, first + i));
            }
        }
    }

    private void CheckOverlaps(List<Region> regions)
    {
        regions.Sort((a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.Block.CompareTo(b.Block));
        for (var i = 1; i < regions.Count; i++)
        {
            var (before, here) = (regions[i - 1], regions[i]);
            if (before.Block >= 0 && here.Block >= 0 && before.Start == here.Start)
                Error(VhdRule.BlockUnique, here.Start, $"Blocks {before.Block} and {here.Block} are at the same place.");
            else if (here.Start < before.End)
                Error(VhdRule.BlockOverlap, here.Start, $"{Named(here)} begins before {Named(before)} ends.");
            // Whatever comes next is held against the region that reaches farthest.
            if (here.End < before.End)
                regions[i] = here with { End = before.End };
        }
    }

    private static string Named(Region region) => region.Block >= 0 ? $"Block {region.Block}" : $"The metadata at byte {region.Start}";

    private async ValueTask<byte[]> ReadAsync(long offset, int length, CancellationToken cancellation)
    {
        // A structure cut off by the file's end reads as zeros there: then its checksum tells.
        var bytes = new byte[Math.Max(length, VhdFormat.FooterBytes)];
        await _source.ReadAsync(offset, bytes.AsMemory(0, length), cancellation);
        return bytes;
    }

    private void Require(bool met, VhdRule rule, long offset, string message)
    {
        if (!met)
            Error(rule, offset, message);
    }

    private void Error(VhdRule rule, long offset, string message) => Add(new VhdFinding(rule, VhdSeverity.Error, offset, message));

    private void Warn(VhdRule rule, long offset, string message) => Add(new VhdFinding(rule, VhdSeverity.Warning, offset, message));

    private void Add(VhdFinding finding)
    {
        // Errors always get in: a flood of warnings must not make a broken disk look sound.
        if (_findings.Count < FindingsMax || finding.Severity == VhdSeverity.Error && _findings.All(f => f.Severity != VhdSeverity.Error))
            _findings.Add(finding);
        else
            _truncated = true;
    }

    /// <param name="Block">-1 for metadata.</param>
    private readonly record struct Region(long Start, long End, long Block);
}
