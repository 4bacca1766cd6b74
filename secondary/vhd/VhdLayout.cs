using System.Buffers.Binary;

namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>Footer, header and block table of a VHD, checked as far as reading it safely needs. Shared by the random-access and the forward-only reader.</summary>
internal sealed class VhdLayout
{
    private VhdLayout(VhdFooter footer, VhdHeader? header, uint[] table)
    {
        Footer = footer;
        Header = header;
        Table = table;
        BlockBytes = (int)(header?.BlockBytes ?? VhdFormat.DefaultBlockBytes);
        BitmapBytes = VhdFormat.BitmapBytes(BlockBytes);
    }

    public VhdFooter Footer { get; }
    public VhdHeader? Header { get; }

    /// <summary>Absolute sector of every block's bitmap; as long as the disk has blocks. Empty for a fixed disk.</summary>
    public uint[] Table { get; }
    public int BlockBytes { get; }
    public int BitmapBytes { get; }

    public bool IsFixed => Header is null;

    public static VhdLayout Fixed(VhdFooter footer) => new(footer, null, []);

    public static VhdLayout Dynamic(VhdFooter footer, VhdHeader header, ReadOnlySpan<byte> tableBytes)
    {
        var table = new uint[BlockCount(footer, header)];
        for (var i = 0; i < table.Length; i++)
            table[i] = BinaryPrimitives.ReadUInt32BigEndian(tableBytes[(i * 4)..]);
        return new VhdLayout(footer, header, table);
    }

    public static int BlockCount(VhdFooter footer, VhdHeader header) => checked((int)((footer.CurrentBytes + header.BlockBytes - 1) / header.BlockBytes));

    /// <summary>File offset at which the last block ends, or the table where there is none.</summary>
    public long DataEnd()
    {
        var end = Header is null ? Footer.CurrentBytes : VhdFormat.RoundUpToSector(Header.TableOffset + Header.TableEntries * 4L);
        foreach (var sector in Table)
        {
            if (sector != VhdFormat.AbsentBlock)
                end = Math.Max(end, sector * (long)VhdFormat.SectorBytes + BitmapBytes + BlockBytes);
        }
        return end;
    }

    /// <param name="inChain">A differencing VHD is taken: its parents are read too.</param>
    public static VhdFooter ParseFooter(ReadOnlySpan<byte> bytes, long offset, bool inChain = false)
    {
        if (!VhdFooter.HasCookie(bytes))
            throw VhdException.Damaged("vhd.no-footer", offset, "There is no VHD footer");
        if (!VhdFooter.ChecksumHolds(bytes))
            throw VhdException.Damaged("vhd.footer-checksum", offset, "The footer's checksum is wrong");
        var footer = VhdFooter.Parse(bytes);
        if (footer.Type == VhdType.Differencing && !inChain)
        {
            throw new VhdException("vhd.differencing", "This is a differencing VHD: it holds only changes to a parent, and a copy must be self-contained.",
                "Copy the disk with VDI.copy, which writes one self-contained VHD; where the parents lie beside it, it can be read as a chain.", offset);
        }
        if (footer.Type is not (VhdType.Fixed or VhdType.Dynamic or VhdType.Differencing))
            throw VhdException.Damaged("vhd.unknown-type", offset, $"The disk type {(uint)footer.Type} is unknown");
        if (footer.CurrentBytes is <= 0 or > VhdFormat.MaxDiskBytes || footer.CurrentBytes % VhdFormat.SectorBytes != 0)
            throw VhdException.Damaged("vhd.size", offset, $"The disk's size of {footer.CurrentBytes} bytes is not between one sector and 2040 GiB, or no multiple of 512");
        return footer;
    }

    public static VhdHeader ParseHeader(ReadOnlySpan<byte> bytes, VhdFooter footer)
    {
        var offset = (long)footer.DataOffset;
        if (!VhdHeader.HasCookie(bytes))
            throw VhdException.Damaged("vhd.no-header", offset, "There is no dynamic header");
        if (!VhdHeader.ChecksumHolds(bytes))
            throw VhdException.Damaged("vhd.header-checksum", offset, "The dynamic header's checksum is wrong");
        var header = VhdHeader.Parse(bytes);
        if (header.BlockBytes is < 4096 or > 256 << 20 || !uint.IsPow2(header.BlockBytes))
            throw VhdException.Damaged("vhd.block-size", offset, $"The block size {header.BlockBytes} is no power of two between 4 KiB and 256 MiB");
        if (header.TableEntries < BlockCount(footer, header))
            throw VhdException.Damaged("vhd.table-short", offset, $"The block table has {header.TableEntries} entries, the disk needs {BlockCount(footer, header)}");
        if (header.TableOffset < VhdFormat.FooterBytes || header.TableOffset > 1L << 42)
            throw VhdException.Damaged("vhd.table-offset", offset, $"The block table cannot be at byte {header.TableOffset}");
        return header;
    }
}
