namespace SnapshotWorkflows.XenServer;

/// <summary>Numbers of the Network Block Device protocol; all integers are big-endian.</summary>
/// <remarks>github.com/NetworkBlockDevice/nbd doc/proto.md. What XenServer's server knows of it: xapi-project/nbd lib/server.ml.</remarks>
internal static class NbdProtocol
{
    public const int DefaultPort = 10809;
    public const int SectorBytes = 512;

    public const ulong ServerMagic = 0x4e42444d41474943;
    public const ulong OptionMagic = 0x49484156454F5054;
    public const ulong OptionReplyMagic = 0x0003e889045565a9;
    public const uint RequestMagic = 0x25609513;
    public const uint SimpleReplyMagic = 0x67446698;

    public const ushort FlagFixedNewstyle = 1;
    public const ushort FlagNoZeroes = 2;

    public const uint OptionExportName = 1;
    public const uint OptionStartTls = 5;
    public const uint OptionGo = 7;

    public const uint ReplyAck = 1;
    public const uint ReplyInfo = 3;
    public const uint ReplyErrorBit = 0x80000000;
    public const uint ReplyUnsupported = 0x80000001;
    public const ushort InfoExport = 0;
    public const ushort InfoBlockSize = 3;

    public const ushort CommandRead = 0;
    public const ushort CommandDisconnect = 2;

    /// <summary>Errors of a request that may pass: EIO, ENOMEM, ESHUTDOWN.</summary>
    public static bool MayPass(uint error) => error is 5 or 12 or 108;
}
