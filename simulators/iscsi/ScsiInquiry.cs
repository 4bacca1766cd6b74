using System.Buffers.Binary;
using System.Text;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.Iscsi;

/// <summary>What the LUN says of itself: standard data and the vital product data pages (SPC-4, SBC-3). Names as hosts see a SolidFire volume.</summary>
internal static class ScsiInquiry
{
    /// <summary>Longest transfer in bytes, as the block limits page tells it.</summary>
    public const int TransferMost = 8 << 20;

    public static ScsiResult Answer(ILun? lun, byte[] cdb)
    {
        var allocation = BinaryPrimitives.ReadUInt16BigEndian(cdb.AsSpan(3));
        if ((cdb[1] & 1) == 0)
        {
            return cdb[2] == 0 ? ScsiResult.Of(Standard(lun is not null), allocation) : ScsiResult.InvalidField;
        }

        if (lun is null)
        {
            return ScsiResult.NoSuchUnit;
        }

        byte[]? page = cdb[2] switch
        {
            0x00 => [0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2],
            0x80 => Encoding.ASCII.GetBytes(lun.Serial),
            0x83 => Identification(lun),
            0xb0 => BlockLimits(lun),
            // Not rotating.
            0xb1 => [0x00, 0x01, .. new byte[58]],
            // UNMAP and both WRITE SAME unmap; what is unmapped reads as zeros; thin.
            0xb2 => [0x00, 0xe4, 0x02, 0x00],
            _ => null,
        };
        return page is null ? ScsiResult.InvalidField : ScsiResult.Of((byte[])[0x00, cdb[2], (byte)(page.Length >> 8), (byte)page.Length, .. page], allocation);
    }

    private static byte[] Standard(bool present)
    {
        var data = new byte[96];
        // No unit at this number: qualifier 3, type 1f.
        data[0] = present ? (byte)0x00 : (byte)0x7f;
        (data[2], data[3], data[4], data[7]) = (0x06, 0x12, (byte)(data.Length - 5), 0x02);
        Encoding.ASCII.GetBytes("SolidFirSSD SAN         0010").CopyTo(data, 8);
        // SAM-5, iSCSI, SPC-4, SBC-3.
        ReadOnlySpan<ushort> versions = [0x00a0, 0x0960, 0x0460, 0x04c0];
        for (var i = 0; i < versions.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(58 + (i * 2)), versions[i]);
        }

        return data;
    }

    private static byte[] Identification(ILun lun)
    {
        var naa = Convert.FromHexString(lun.ScsiId.AsSpan(1));
        var eui = Convert.FromHexString(lun.Serial);
        var name = Encoding.ASCII.GetBytes($"SolidFir{lun.Serial}");
        return
        [
            0x01, 0x03, 0x00, (byte)naa.Length, .. naa,
            0x01, 0x02, 0x00, (byte)eui.Length, .. eui,
            0x02, 0x01, 0x00, (byte)name.Length, .. name,
        ];
    }

    private static byte[] BlockLimits(ILun lun)
    {
        var page = new byte[60];
        var most = (uint)(TransferMost / lun.LogicalBlockBytes);
        // WRITE SAME of 0 blocks is refused, not taken for "to the end".
        page[0] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(page.AsSpan(2), (ushort)(4096 / lun.LogicalBlockBytes));
        BinaryPrimitives.WriteUInt32BigEndian(page.AsSpan(4), most);
        BinaryPrimitives.WriteUInt32BigEndian(page.AsSpan(8), most);
        // UNMAP: up to 512 MiB in all, 256 descriptors, best in whole MiB.
        BinaryPrimitives.WriteUInt32BigEndian(page.AsSpan(16), (uint)((512 << 20) / lun.LogicalBlockBytes));
        BinaryPrimitives.WriteUInt32BigEndian(page.AsSpan(20), 256);
        BinaryPrimitives.WriteUInt32BigEndian(page.AsSpan(24), (uint)((1 << 20) / lun.LogicalBlockBytes));
        BinaryPrimitives.WriteUInt64BigEndian(page.AsSpan(32), (ulong)((1 << 30) / lun.LogicalBlockBytes));
        return page;
    }
}
