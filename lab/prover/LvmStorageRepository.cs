using System.Buffers.Binary;
using System.Text;

namespace SnapshotWorkflows.Lab.Prover;

/// <summary>
/// Finds the one disk inside a simulated LVM storage repository, by the layout that simulators/xenserver/LUN-LAYOUT.md describes: a label in
/// the second sector, two metadata slots written in turn, extents of which each logical volume is one run. A VHD volume's footer is at its end.
/// </summary>
internal static class LvmStorageRepository
{
    private const int SlotStart = 4096;
    private const int SlotBytes = 256 * 1024;
    private const int HeaderBytes = 512;
    private const int EntryBytes = 256;

    public static VhdDisk OpenOnlyDisk(Region lun)
    {
        var label = lun.Read(512, 512);
        if (!label.AsSpan(0, 8).SequenceEqual("LABELONE"u8)) throw new InvalidDataException("The LUN bears no physical volume's label in its second sector.");
        var physicalVolume = Text(label, 32, 36);
        var slot = new[] { 0, 1 }.Select(i => ReadSlot(lun, SlotStart + i * SlotBytes, physicalVolume)).OfType<byte[]>().MaxBy(found => Little64(found, 16))
            ?? throw new InvalidDataException("Neither of the LUN's metadata slots is valid.");

        var extentBytes = (long)BinaryPrimitives.ReadInt32LittleEndian(slot.AsSpan(28));
        var firstExtent = Little64(slot, 32);
        var disks = new List<(string Name, long Start, long Length)>();
        for (var at = HeaderBytes; at < slot.Length; at += EntryBytes)
        {
            var name = Text(slot, at, 128);
            var isSnapshot = (slot[at + 164] & 2) != 0;
            if (!name.StartsWith("VHD-", StringComparison.Ordinal) || isSnapshot) continue;
            disks.Add((name, firstExtent + Little64(slot, at + 168) * extentBytes, Little64(slot, at + 176) * extentBytes));
        }

        if (disks.Count != 1) throw new InvalidDataException($"The LUN holds {disks.Count} disks; a managed volume holds exactly one.");
        return VhdDisk.Open(lun.Part(disks[0].Start, disks[0].Length));
    }

    /// <summary>Header and entries of one slot; null when it was never written, is torn, or belongs to another physical volume.</summary>
    private static byte[]? ReadSlot(Region lun, long start, string physicalVolume)
    {
        var header = lun.Read(start, HeaderBytes);
        var count = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(24));
        if (!header.AsSpan(0, 8).SequenceEqual("XSVGMETA"u8) || count < 0 || count > (SlotBytes - HeaderBytes) / EntryBytes) return null;
        var slot = lun.Read(start, HeaderBytes + count * EntryBytes);
        var good = BinaryPrimitives.ReadUInt32LittleEndian(slot.AsSpan(12)) == Crc32(slot.AsSpan(16)) && Text(slot, 152, 36) == physicalVolume;
        return good ? slot : null;
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) * 0xEDB8_8320);
        }

        return ~crc;
    }

    private static string Text(byte[] bytes, int at, int length) => Encoding.ASCII.GetString(bytes, at, length).TrimEnd('\0');

    private static long Little64(byte[] bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at, 8));
}
