namespace SnapshotWorkflows.Secondary.Vhd;

/// <summary>The layout of a VHD that is to be made of a sparse disk: what comes before the first block, which blocks follow, ascending and without gaps, and the footer. Found out without reading data.</summary>
/// <param name="Bytes">Footer copy, header and block table.</param>
/// <param name="Blocks">Numbers of the blocks of 2 MiB that are there.</param>
/// <param name="DataBytes">Length of the whole VHD.</param>
internal sealed record VhdFront(byte[] Bytes, IReadOnlyList<long> Blocks, byte[] Footer, long DataBytes)
{
    public static async Task<VhdFront> OfAsync(ISparseDisk disk, VhdWriteOptions options, CancellationToken cancellation)
    {
        var footer = options.Footer().Write();
        var header = options.Header();
        var table = VhdWriter.NewTable(header);
        var next = VhdWriter.DataStart(header);
        var blocks = new List<long>();
        await foreach (var extent in disk.ExtentsAsync(cancellation))
        {
            for (var block = extent.Offset / VhdFormat.DefaultBlockBytes; block * VhdFormat.DefaultBlockBytes < extent.End; block++)
            {
                if (table[block] != VhdFormat.AbsentBlock)
                    continue;
                table[block] = (uint)(next / VhdFormat.SectorBytes);
                next += VhdWriter.BlockStride;
                blocks.Add(block);
            }
        }
        return new VhdFront(VhdWriter.Front(footer, header, table, VhdWriter.DataStart(header)), blocks, footer, next + VhdFormat.FooterBytes);
    }
}
