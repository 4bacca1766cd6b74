namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>The layout of a VHD that is to be made of a sparse disk: what comes before the first block, which blocks follow, ascending and without gaps, and the footer. Found out without reading data.</summary>
/// <param name="Bytes">Footer copy, header and block table.</param>
/// <param name="Blocks">Numbers of the blocks of 2 MiB that are there.</param>
/// <param name="DataBytes">Length of the whole VHD.</param>
internal sealed record VhdFront(byte[] Bytes, IReadOnlyList<long> Blocks, byte[] Footer, long DataBytes)
{
    /// <summary>By what the disk knows without I/O: a block may be all zeros.</summary>
    public static VhdFront Of(ISparseDisk disk, VhdWriteOptions options)
    {
        var blocks = new List<long>();
        for (long block = 0; block * VhdFormat.DefaultBlockBytes < disk.DiskBytes; block++)
        {
            if (disk.MayHoldData(block * VhdFormat.DefaultBlockBytes, VhdFormat.DefaultBlockBytes))
                blocks.Add(block);
        }
        return Of(blocks, options);
    }

    /// <summary>By the disk's extents, which may take I/O to find: blocks of zeros are left out where the disk can tell.</summary>
    public static async Task<VhdFront> OfAsync(ISparseDisk disk, VhdWriteOptions options, CancellationToken cancellation)
    {
        var blocks = new List<long>();
        await foreach (var extent in disk.ExtentsAsync(cancellation))
        {
            for (var block = Math.Max(extent.Offset / VhdFormat.DefaultBlockBytes, blocks.Count == 0 ? 0 : blocks[^1] + 1); block * VhdFormat.DefaultBlockBytes < extent.End; block++)
                blocks.Add(block);
        }
        return Of(blocks, options);
    }

    private static VhdFront Of(List<long> blocks, VhdWriteOptions options)
    {
        var footer = options.Footer().Write();
        var header = options.Header();
        var table = VhdWriter.NewTable(header);
        var next = VhdWriter.DataStart(header);
        foreach (var block in blocks)
        {
            table[block] = (uint)(next / VhdFormat.SectorBytes);
            next += VhdWriter.BlockStride;
        }
        return new VhdFront(VhdWriter.Front(footer, header, table, VhdWriter.DataStart(header)), blocks, footer, next + VhdFormat.FooterBytes);
    }
}
