using System.Buffers.Binary;

namespace SnapshotWorkflows.XenServer;

/// <summary>
/// Watches a VHD go by: footer copy, header, and table tell how long it must be, and its last 512 bytes must be the footer again. Keeps
/// a kilobyte and a half, whatever the disk's size.
/// </summary>
/// <remarks>
/// The pool's own stream (creator "caml") lays the blocks without gaps, so its length is exact: the end of the last block and 512 bytes
/// (xapi-project/xen-api ocaml/libs/vhd/vhd_format/f.ml). Of other creators only the least length is known.
/// </remarks>
internal sealed class VhdStreamCheck(long virtualBytes)
{
    private const int FooterBytes = 512;
    private const int HeadBytes = 1536;
    private const int SectorBytes = 512;
    private const uint Absent = uint.MaxValue;
    private readonly byte[] _head = new byte[HeadBytes];
    private readonly byte[] _tail = new byte[FooterBytes];
    private readonly byte[] _entry = new byte[4];
    private int _headLength;
    private int _tailLength;
    private long _seen;
    private long _tableOffset;
    private long _tableEnd;
    private long _blockBytes;
    private long _end;
    private bool _exact;

    /// <summary>Takes the next bytes of the stream.</summary>
    /// <returns>What is wrong with them; null when nothing is.</returns>
    public string? Take(ReadOnlySpan<byte> bytes)
    {
        var rest = bytes;
        if (_headLength < HeadBytes)
        {
            var take = Math.Min(rest.Length, HeadBytes - _headLength);
            rest[..take].CopyTo(_head.AsSpan(_headLength));
            _headLength += take;
            if (_headLength == HeadBytes && ReadHead() is { } wrong) return wrong;
        }
        ReadTable(bytes);
        KeepTail(bytes);
        _seen += bytes.Length;
        return null;
    }

    /// <returns>What is wrong with the whole, now that it has ended; null when nothing is.</returns>
    public string? End()
    {
        if (_seen < HeadBytes || _seen < _tableEnd) return $"The VHD ends after {_seen} bytes, within its tables.";
        var expected = Math.Max(_end, _tableEnd) + FooterBytes;
        if (_exact ? _seen != expected : _seen < expected) return $"The VHD has {_seen} bytes; its table asks for {expected}.";
        return _tail.AsSpan().SequenceEqual(_head.AsSpan(0, FooterBytes)) ? null : "The VHD does not end with its footer.";
    }

    private string? ReadHead()
    {
        var footer = _head.AsSpan(0, FooterBytes);
        var header = _head.AsSpan(FooterBytes);
        if (!footer[..8].SequenceEqual("conectix"u8) || BinaryPrimitives.ReadUInt32BigEndian(footer[64..]) != Checksum(footer, 64)) return "The export does not begin with a VHD footer.";
        if (!header[..8].SequenceEqual("cxsparse"u8) || BinaryPrimitives.ReadUInt32BigEndian(header[36..]) != Checksum(header, 36)) return "The VHD's header cannot be read.";
        if (BinaryPrimitives.ReadInt64BigEndian(footer[48..]) is var size && size != virtualBytes) return $"The VHD is of a disk of {size} bytes, not {virtualBytes}.";
        _tableOffset = BinaryPrimitives.ReadInt64BigEndian(header[16..]);
        _blockBytes = BinaryPrimitives.ReadUInt32BigEndian(header[32..]);
        var entries = BinaryPrimitives.ReadUInt32BigEndian(header[28..]);
        if (_tableOffset < HeadBytes || _tableOffset > HeadBytes + (1L << 20)) return "The VHD's table lies where none can lie.";
        if (_blockBytes < SectorBytes || _blockBytes % SectorBytes != 0 || entries * _blockBytes < virtualBytes || entries > 1 << 24) return "The VHD's table does not fit its disk.";
        _tableEnd = _tableOffset + ((entries * 4L) + SectorBytes - 1) / SectorBytes * SectorBytes;
        _exact = footer.Slice(28, 4).SequenceEqual("caml"u8);
        return null;
    }

    /// <summary>Every entry names a block; the last of them decides the length.</summary>
    private void ReadTable(ReadOnlySpan<byte> bytes)
    {
        if (_headLength < HeadBytes) return;
        for (var at = (int)Math.Max(0, Math.Min(bytes.Length, _tableOffset - _seen)); at < bytes.Length && _seen + at < _tableEnd; at++)
        {
            var index = (int)((_seen + at - _tableOffset) % 4);
            _entry[index] = bytes[at];
            if (index == 3 && BinaryPrimitives.ReadUInt32BigEndian(_entry) is not Absent and var sector)
                _end = Math.Max(_end, (sector * (long)SectorBytes) + BitmapBytes + _blockBytes);
        }
    }

    /// <summary>One bit a sector, filled up to whole sectors.</summary>
    private long BitmapBytes => ((_blockBytes / SectorBytes / 8) + SectorBytes - 1) / SectorBytes * SectorBytes;

    private void KeepTail(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= FooterBytes)
        {
            bytes[^FooterBytes..].CopyTo(_tail);
            _tailLength = FooterBytes;
            return;
        }
        var keep = Math.Min(_tailLength, FooterBytes - bytes.Length);
        _tail.AsSpan(_tailLength - keep, keep).CopyTo(_tail);
        bytes.CopyTo(_tail.AsSpan(keep));
        _tailLength = keep + bytes.Length;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes, int skip)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i++)
            if (i < skip || i >= skip + 4) sum += bytes[i];
        return ~sum;
    }
}
