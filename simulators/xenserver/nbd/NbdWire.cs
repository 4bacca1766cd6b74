using System.Buffers.Binary;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Numbers of the NBD protocol (github.com/NetworkBlockDevice/nbd, doc/proto.md), all big-endian on the wire.</summary>
internal static class NbdWire
{
    public const ulong Announcement = 0x4e42444d41474943;
    public const ulong OptionMagic = 0x49484156454F5054;
    public const ulong OptionReplyMagic = 0x3e889045565a9;
    public const uint RequestMagic = 0x25609513;
    public const uint ReplyMagic = 0x67446698;
    public const ushort FixedNewstyle = 1;
    public const ushort HasFlags = 1;
    public const ushort ReadOnly = 2;

    public const uint OptionExportName = 1;
    public const uint OptionAbort = 2;
    public const uint OptionList = 3;
    public const uint OptionStartTls = 5;
    public const uint OptionInfo = 6;
    public const uint OptionGo = 7;

    public const uint ReplyAck = 1;
    public const uint ReplyInfo = 3;
    public const uint ErrorUnsupported = 0x80000001;
    public const uint ErrorPolicy = 0x80000002;
    public const uint ErrorInvalid = 0x80000003;
    public const uint ErrorTlsRequired = 0x80000005;
    public const uint ErrorUnknown = 0x80000006;

    public const ushort CommandRead = 0;
    public const ushort CommandWrite = 1;
    public const ushort CommandDisconnect = 2;

    public const uint NotPermitted = 1;
    public const uint InputOutput = 5;
    public const uint Invalid = 22;

    /// <summary>What a planned failure's name means; an unknown name is an input/output error.</summary>
    public static uint ErrorNumber(string? name) => name switch
    {
        "EPERM" => NotPermitted,
        "ENOMEM" => 12,
        "EINVAL" => Invalid,
        "ENOSPC" => 28,
        "ESHUTDOWN" => 108,
        _ => InputOutput,
    };

    public static byte[] OptionReply(uint option, uint reply, ReadOnlySpan<byte> payload = default)
    {
        var b = new byte[20 + payload.Length];
        BinaryPrimitives.WriteUInt64BigEndian(b, OptionReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(b.AsSpan(8), option);
        BinaryPrimitives.WriteUInt32BigEndian(b.AsSpan(12), reply);
        BinaryPrimitives.WriteInt32BigEndian(b.AsSpan(16), payload.Length);
        payload.CopyTo(b.AsSpan(20));
        return b;
    }

    public static void Reply(Span<byte> into, uint error, ReadOnlySpan<byte> handle)
    {
        BinaryPrimitives.WriteUInt32BigEndian(into, ReplyMagic);
        BinaryPrimitives.WriteUInt32BigEndian(into[4..], error);
        handle.CopyTo(into[8..]);
    }
}
