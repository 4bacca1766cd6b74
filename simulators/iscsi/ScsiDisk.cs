using System.Buffers.Binary;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.Iscsi;

/// <summary>The commands of a disk (SBC-3) over a LUN's bytes.</summary>
internal sealed class ScsiDisk(ILun lun)
{
    private readonly int _block = lun.LogicalBlockBytes;

    private long Blocks => lun.Length / _block;

    /// <summary>How many bytes the initiator has to send with a command; 0 for those that take none.</summary>
    public long BytesToReceive(byte[] cdb) => cdb[0] switch
    {
        0x0a or 0x2a or 0xaa or 0x8a => Range(cdb).Count * _block,
        0x41 or 0x93 => _block,
        0x42 => BinaryPrimitives.ReadUInt16BigEndian(cdb.AsSpan(7)),
        _ => 0,
    };

    /// <exception cref="IOException">The session is lost.</exception>
    public ScsiResult Execute(byte[] cdb, ReadOnlyMemory<byte> received) => AsksForProtection(cdb) ? ScsiResult.InvalidField : cdb[0] switch
    {
        0x00 or 0x1b or 0x1e or 0x35 or 0x91 => ScsiResult.Good,
        0x03 => ScsiResult.Of(ScsiResult.FixedSense(0, 0, 0), cdb[4]),
        0x12 => ScsiInquiry.Answer(lun, cdb),
        0x1a => ModeSense(cdb[2], cdb[4], longForm: false),
        0x5a => ModeSense(cdb[2], BinaryPrimitives.ReadUInt16BigEndian(cdb.AsSpan(7)), longForm: true),
        0x25 => ReadCapacity10(),
        0x9e => (cdb[1] & 0x1f) switch
        {
            0x10 => ReadCapacity16(BinaryPrimitives.ReadUInt32BigEndian(cdb.AsSpan(10))),
            0x12 => LbaStatus(BinaryPrimitives.ReadInt64BigEndian(cdb.AsSpan(2)), BinaryPrimitives.ReadUInt32BigEndian(cdb.AsSpan(10))),
            _ => ScsiResult.InvalidField,
        },
        0xa0 => ReportLuns(cdb),
        0x08 or 0x28 or 0xa8 or 0x88 => Read(Range(cdb)),
        0x0a or 0x2a or 0xaa or 0x8a => Write(Range(cdb), received),
        0x2f or 0x8f => Contains(Range(cdb)) ? ScsiResult.Good : ScsiResult.OutOfRange,
        0x41 or 0x93 => WriteSame(cdb, received),
        0x42 => Unmap(received),
        _ => ScsiResult.InvalidOpcode,
    };

    public static ScsiResult ReportLuns(byte[] cdb) =>
        ScsiResult.Of((byte[])[0, 0, 0, 8, 0, 0, 0, 0, .. new byte[8]], BinaryPrimitives.ReadUInt32BigEndian(cdb.AsSpan(6)));

    /// <summary>First block and count; of six-byte commands a count of 0 means 256.</summary>
    private static (long First, long Count) Range(byte[] cdb) => (cdb[0] >> 5) switch
    {
        0 => (((cdb[1] & 0x1f) << 16) | (cdb[2] << 8) | cdb[3], cdb[4] == 0 ? 256 : cdb[4]),
        4 => (BinaryPrimitives.ReadInt64BigEndian(cdb.AsSpan(2)), BinaryPrimitives.ReadUInt32BigEndian(cdb.AsSpan(10))),
        5 => (BinaryPrimitives.ReadUInt32BigEndian(cdb.AsSpan(2)), BinaryPrimitives.ReadUInt32BigEndian(cdb.AsSpan(6))),
        _ => (BinaryPrimitives.ReadUInt32BigEndian(cdb.AsSpan(2)), BinaryPrimitives.ReadUInt16BigEndian(cdb.AsSpan(7))),
    };

    /// <summary>No protection information is kept, so nobody may ask for it.</summary>
    private static bool AsksForProtection(byte[] cdb) => cdb[0] is 0x28 or 0x2a or 0x2f or 0x41 or 0x88 or 0x8a or 0x8f or 0x93 or 0xa8 or 0xaa && (cdb[1] & 0xe0) != 0;

    private bool Contains((long First, long Count) range) => range.First >= 0 && range.First <= Blocks && range.Count <= Blocks - range.First;

    private ScsiResult Read((long First, long Count) range)
    {
        if (!Contains(range))
        {
            return ScsiResult.OutOfRange;
        }

        if (range.Count * _block > ScsiInquiry.TransferMost)
        {
            return ScsiResult.InvalidField;
        }

        var data = new byte[range.Count * _block];
        lun.Read(range.First * _block, data);
        return new ScsiResult(0, data, []);
    }

    private ScsiResult Write((long First, long Count) range, ReadOnlyMemory<byte> received)
    {
        if (!Contains(range))
        {
            return ScsiResult.OutOfRange;
        }

        if (lun.IsWriteProtected)
        {
            return ScsiResult.WriteProtected;
        }

        // An initiator that sends less than the command says writes what it sent.
        var whole = received[..(int)Math.Min(received.Length, range.Count * _block)];
        if (whole.Length > 0)
        {
            lun.Write(range.First * _block, whole.Span);
        }

        return ScsiResult.Good;
    }

    private ScsiResult WriteSame(byte[] cdb, ReadOnlyMemory<byte> received)
    {
        var (first, count) = Range(cdb);
        if (count == 0 || (cdb[1] & 0x06) != 0 || received.Length < _block)
        {
            return ScsiResult.InvalidField;
        }

        if (!Contains((first, count)))
        {
            return ScsiResult.OutOfRange;
        }

        if (lun.IsWriteProtected)
        {
            return ScsiResult.WriteProtected;
        }

        if (count * _block > 1 << 30)
        {
            return ScsiResult.InvalidField;
        }

        Fill(first * _block, count * _block, received.Span[.._block]);
        return ScsiResult.Good;
    }

    private ScsiResult Unmap(ReadOnlyMemory<byte> received)
    {
        var list = received.Span;
        if (list.Length == 0)
        {
            return ScsiResult.Good;
        }

        if (list.Length < 8 || list.Length < 8 + BinaryPrimitives.ReadUInt16BigEndian(list[2..]))
        {
            return ScsiResult.InvalidParameters;
        }

        if (lun.IsWriteProtected)
        {
            return ScsiResult.WriteProtected;
        }

        var descriptors = list.Slice(8, BinaryPrimitives.ReadUInt16BigEndian(list[2..]) / 16 * 16);
        for (var i = 0; i < descriptors.Length; i += 16)
        {
            var range = (First: BinaryPrimitives.ReadInt64BigEndian(descriptors[i..]), Count: (long)BinaryPrimitives.ReadUInt32BigEndian(descriptors[(i + 8)..]));
            if (!Contains(range))
            {
                return ScsiResult.OutOfRange;
            }

            Fill(range.First * _block, range.Count * _block, new byte[_block]);
        }

        return ScsiResult.Good;
    }

    private void Fill(long offset, long length, ReadOnlySpan<byte> pattern)
    {
        var piece = new byte[Math.Min(1 << 20, length)];
        for (var i = 0; i < piece.Length; i += pattern.Length)
        {
            pattern.CopyTo(piece.AsSpan(i));
        }

        for (var done = 0L; done < length; done += piece.Length)
        {
            lun.Write(offset + done, piece.AsSpan(0, (int)Math.Min(piece.Length, length - done)));
        }
    }

    private ScsiResult ReadCapacity10()
    {
        var data = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(data, (uint)Math.Min(Blocks - 1, uint.MaxValue));
        BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(4), _block);
        return ScsiResult.Of(data, data.Length);
    }

    private ScsiResult ReadCapacity16(uint allocation)
    {
        var data = new byte[32];
        BinaryPrimitives.WriteInt64BigEndian(data, Blocks - 1);
        BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(8), _block);
        // Blocks of 4096 bytes below; thin, and unmapped space reads as zeros.
        data[13] = (byte)(_block == 512 ? 3 : 0);
        data[14] = 0xc0;
        return ScsiResult.Of(data, allocation);
    }

    /// <summary>Where something was ever written, from one block on, in as many descriptors as fit.</summary>
    private ScsiResult LbaStatus(long first, uint allocation)
    {
        if (first < 0 || first >= Blocks)
        {
            return ScsiResult.OutOfRange;
        }

        var most = Math.Clamp(((int)Math.Min(allocation, 4096u) - 8) / 16, 1, 64);
        var (data, position) = (new List<byte> { 0, 0, 0, 0, 0, 0, 0, 0 }, first * _block);
        void Add(long end, bool mapped)
        {
            Span<byte> descriptor = stackalloc byte[16];
            while (position < end && (data.Count - 8) / 16 < most)
            {
                var count = (uint)Math.Min((end - position) / _block, uint.MaxValue);
                descriptor.Clear();
                BinaryPrimitives.WriteInt64BigEndian(descriptor, position / _block);
                BinaryPrimitives.WriteUInt32BigEndian(descriptor[8..], count);
                descriptor[12] = mapped ? (byte)0 : (byte)1;
                data.AddRange(descriptor);
                position += (long)count * _block;
            }
        }

        foreach (var (offset, length) in lun.AllocatedExtents().Where(extent => extent.Offset + extent.Length > first * _block))
        {
            Add(offset, mapped: false);
            Add(offset + length, mapped: true);
        }

        Add(lun.Length, mapped: false);
        var answer = data.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(answer, answer.Length - 4);
        return ScsiResult.Of(answer, allocation);
    }

    private ScsiResult ModeSense(byte page, long allocation, bool longForm)
    {
        byte[]? pages = (page & 0x3f) switch
        {
            // Caching without a write cache, control, and informational exceptions.
            0x08 => Caching(),
            0x0a => Control(),
            0x1c => Exceptions(),
            0x3f => [.. Caching(), .. Control(), .. Exceptions()],
            _ => null,
        };
        if (pages is null || (page & 0xc0) == 0xc0)
        {
            return ScsiResult.InvalidField;
        }

        // Nothing is cached, so that DPO and FUA cost nothing and are taken.
        var flags = (byte)(lun.IsWriteProtected ? 0x90 : 0x10);
        return ScsiResult.Of(longForm
            ? (byte[])[(byte)((pages.Length + 6) >> 8), (byte)(pages.Length + 6), 0, flags, 0, 0, 0, 0, .. pages]
            : (byte[])[(byte)(pages.Length + 3), 0, flags, 0, .. pages], allocation);
    }

    private static byte[] Caching() => [0x08, 0x12, .. new byte[18]];

    private static byte[] Control() => [0x0a, 0x0a, 0x02, .. new byte[9]];

    private static byte[] Exceptions() => [0x1c, 0x0a, .. new byte[10]];
}
