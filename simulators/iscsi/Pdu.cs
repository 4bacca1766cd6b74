using System.Buffers.Binary;

namespace SnapshotWorkflows.Simulators.Iscsi;

/// <summary>Opcodes that a target meets or sends (RFC 7143, section 11.2.1.2).</summary>
internal static class Opcode
{
    public const byte NopOut = 0x00;
    public const byte ScsiCommand = 0x01;
    public const byte TaskManagement = 0x02;
    public const byte LoginRequest = 0x03;
    public const byte TextRequest = 0x04;
    public const byte DataOut = 0x05;
    public const byte LogoutRequest = 0x06;
    public const byte NopIn = 0x20;
    public const byte ScsiResponse = 0x21;
    public const byte TaskManagementResponse = 0x22;
    public const byte LoginResponse = 0x23;
    public const byte TextResponse = 0x24;
    public const byte DataIn = 0x25;
    public const byte LogoutResponse = 0x26;
    public const byte ReadyToTransfer = 0x31;
    public const byte Reject = 0x3f;
}

/// <summary>One PDU: the basic header of 48 bytes and the data segment; no digests (RFC 7143, section 11.2).</summary>
internal sealed class Pdu
{
    public const int HeaderBytes = 48;
    public const uint NoTag = 0xffff_ffff;

    public Pdu(byte opcode, byte flags = 0x80)
    {
        Header[0] = opcode;
        Header[1] = flags;
    }

    private Pdu(byte[] header, byte[] data) => (Header, Data) = (header, data);

    public byte[] Header { get; } = new byte[HeaderBytes];

    public ReadOnlyMemory<byte> Data { get; set; } = ReadOnlyMemory<byte>.Empty;

    public byte Opcode => (byte)(Header[0] & 0x3f);

    public bool IsImmediate => (Header[0] & 0x40) != 0;

    public byte Flags => Header[1];

    public uint Tag
    {
        get => this[16];
        set => this[16] = value;
    }

    public uint this[int offset]
    {
        get => BinaryPrimitives.ReadUInt32BigEndian(Header.AsSpan(offset));
        set => BinaryPrimitives.WriteUInt32BigEndian(Header.AsSpan(offset), value);
    }

    /// <summary>Reads one; null when the peer closed between two.</summary>
    /// <exception cref="InvalidDataException">A segment is longer than this side said it takes.</exception>
    public static async ValueTask<Pdu?> ReadAsync(Stream stream, int longestData, CancellationToken cancellation)
    {
        var header = new byte[HeaderBytes];
        var first = await stream.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancellation);
        if (first == 0)
        {
            return null;
        }

        if (first < HeaderBytes)
        {
            throw new EndOfStreamException("The connection ended in the middle of a header.");
        }

        var length = (header[5] << 16) | (header[6] << 8) | header[7];
        if (length > longestData)
        {
            throw new InvalidDataException($"A data segment of {length} bytes is longer than the {longestData} that were agreed.");
        }

        // Additional headers are read and left alone: nothing here needs a CDB of more than 16 bytes.
        var rest = new byte[(header[4] * 4) + ((length + 3) & ~3)];
        await stream.ReadExactlyAsync(rest, cancellation);
        return new Pdu(header, rest[(header[4] * 4)..((header[4] * 4) + length)]);
    }

    public async ValueTask WriteAsync(Stream stream, CancellationToken cancellation)
    {
        var padded = (Data.Length + 3) & ~3;
        var whole = new byte[HeaderBytes + padded];
        Header.CopyTo(whole, 0);
        (whole[5], whole[6], whole[7]) = ((byte)(Data.Length >> 16), (byte)(Data.Length >> 8), (byte)Data.Length);
        Data.Span.CopyTo(whole.AsSpan(HeaderBytes));
        await stream.WriteAsync(whole, cancellation);
    }
}
