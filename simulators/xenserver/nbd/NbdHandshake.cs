using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// Fixed newstyle negotiation. As the real server does, it knows EXPORT_NAME, ABORT, LIST (refused by policy) and STARTTLS only, says so
/// to everything else, and closes the connection where EXPORT_NAME leads nowhere; <see cref="XenServerOptions.NbdGo"/> adds INFO and GO.
/// </summary>
internal sealed class NbdHandshake(Pool pool, HostRow host, NetworkStream raw, X509Certificate2? certificate)
{
    private const int LongestOption = 64 * 1024;
    private const uint PreferredBlock = 64 * 1024;
    private const uint LargestRead = 32 * 1024 * 1024;

    public async Task ServeAsync(CancellationToken stop)
    {
        var greeting = new byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(greeting, NbdWire.Announcement);
        BinaryPrimitives.WriteUInt64BigEndian(greeting.AsSpan(8), NbdWire.OptionMagic);
        BinaryPrimitives.WriteUInt16BigEndian(greeting.AsSpan(16), NbdWire.FixedNewstyle);
        await raw.WriteAsync(greeting, stop);
        var flags = new byte[4];
        await raw.ReadExactlyAsync(flags, stop);
        if (certificate is null)
        {
            await NegotiateAsync(raw, isTls: false, stop);
            return;
        }

        if ((BinaryPrimitives.ReadUInt32BigEndian(flags) & NbdWire.FixedNewstyle) == 0)
            return;
        while (true)
        {
            var (option, _) = await OptionAsync(raw, stop);
            if (option is NbdWire.OptionExportName or NbdWire.OptionAbort)
                return;
            if (option == NbdWire.OptionStartTls)
                break;
            await raw.WriteAsync(NbdWire.OptionReply(option, NbdWire.ErrorTlsRequired), stop);
        }

        await raw.WriteAsync(NbdWire.OptionReply(NbdWire.OptionStartTls, NbdWire.ReplyAck), stop);
        await using var tls = new SslStream(raw, leaveInnerStreamOpen: true);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stop);
        await NegotiateAsync(tls, isTls: true, stop);
    }

    private async Task NegotiateAsync(Stream stream, bool isTls, CancellationToken stop)
    {
        while (true)
        {
            var (option, payload) = await OptionAsync(stream, stop);
            switch (option)
            {
                case NbdWire.OptionAbort:
                    return;
                case NbdWire.OptionStartTls:
                    await stream.WriteAsync(NbdWire.OptionReply(option, isTls ? NbdWire.ErrorInvalid : NbdWire.ErrorPolicy), stop);
                    break;
                case NbdWire.OptionList:
                    await stream.WriteAsync(NbdWire.OptionReply(option, NbdWire.ErrorPolicy), stop);
                    break;
                case NbdWire.OptionExportName:
                    await ServeByNameAsync(stream, Encoding.UTF8.GetString(payload), stop);
                    return;
                case NbdWire.OptionGo or NbdWire.OptionInfo when pool.Options.NbdGo:
                    if (await GoAsync(stream, option, payload, stop))
                        return;
                    break;
                default:
                    await stream.WriteAsync(NbdWire.OptionReply(option, NbdWire.ErrorUnsupported), stop);
                    break;
            }
        }
    }

    /// <summary>EXPORT_NAME has no way to refuse but to close the connection.</summary>
    private async Task ServeByNameAsync(Stream stream, string name, CancellationToken stop)
    {
        if (Attach(name) is not { } attachment)
            return;
        using (attachment)
        {
            // The real server does not offer to leave out the 124 zeros.
            var info = new byte[8 + 2 + 124];
            BinaryPrimitives.WriteInt64BigEndian(info, attachment.Disk.Length);
            BinaryPrimitives.WriteUInt16BigEndian(info.AsSpan(8), NbdWire.HasFlags | NbdWire.ReadOnly);
            await stream.WriteAsync(info, stop);
            await new NbdTransmission(pool, host, raw.Socket, stream, attachment.Disk).ServeAsync(stop);
        }
    }

    /// <summary>True when the connection has been served to its end.</summary>
    private async Task<bool> GoAsync(Stream stream, uint option, byte[] payload, CancellationToken stop)
    {
        var length = payload.Length < 6 ? uint.MaxValue : BinaryPrimitives.ReadUInt32BigEndian(payload);
        if (length > payload.Length - 6)
        {
            await stream.WriteAsync(NbdWire.OptionReply(option, NbdWire.ErrorInvalid), stop);
            return false;
        }

        using var attachment = Attach(Encoding.UTF8.GetString(payload, 4, (int)length));
        if (attachment is null)
        {
            await stream.WriteAsync(NbdWire.OptionReply(option, NbdWire.ErrorUnknown), stop);
            return false;
        }

        var export = new byte[12];
        BinaryPrimitives.WriteInt64BigEndian(export.AsSpan(2), attachment.Disk.Length);
        BinaryPrimitives.WriteUInt16BigEndian(export.AsSpan(10), NbdWire.HasFlags | NbdWire.ReadOnly);
        await stream.WriteAsync(NbdWire.OptionReply(option, NbdWire.ReplyInfo, export), stop);
        var sizes = new byte[14];
        BinaryPrimitives.WriteUInt16BigEndian(sizes, 3);
        BinaryPrimitives.WriteUInt32BigEndian(sizes.AsSpan(2), 512);
        BinaryPrimitives.WriteUInt32BigEndian(sizes.AsSpan(6), PreferredBlock);
        BinaryPrimitives.WriteUInt32BigEndian(sizes.AsSpan(10), LargestRead);
        await stream.WriteAsync(NbdWire.OptionReply(option, NbdWire.ReplyInfo, sizes), stop);
        await stream.WriteAsync(NbdWire.OptionReply(option, NbdWire.ReplyAck), stop);
        if (option == NbdWire.OptionInfo)
            return false;
        await new NbdTransmission(pool, host, raw.Socket, stream, attachment.Disk).ServeAsync(stop);
        return true;
    }

    /// <summary>Attaches what <c>/uuid?session_id=ref</c> names to the control domain; null when it cannot be.</summary>
    private TemporaryAttachment? Attach(string name)
    {
        const string Session = "session_id=";
        var question = name.IndexOf('?', StringComparison.Ordinal);
        var query = question < 0 ? [] : name[(question + 1)..].Split('&');
        var session = query.FirstOrDefault(p => p.StartsWith(Session, StringComparison.Ordinal))?[Session.Length..];
        var uuid = (question < 0 ? name : name[..question]).TrimStart('/');
        lock (pool.Gate)
        {
            pool.Step();
            if (session is null || pool.Db.Find<SessionRow>(Uri.UnescapeDataString(session)) is not { } row || pool.Db.FindByUuid<VdiRow>(uuid) is not { } vdi)
                return null;
            row.LastActive = pool.Now;
            try
            {
                return TemporaryAttachment.Make(pool, host, vdi, readOnly: true);
            }
            catch (Exception e) when (e is XenError or IOException)
            {
                return null;
            }
        }
    }

    private static async Task<(uint Option, byte[] Payload)> OptionAsync(Stream stream, CancellationToken stop)
    {
        var head = new byte[16];
        await stream.ReadExactlyAsync(head, stop);
        var length = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(12));
        if (BinaryPrimitives.ReadUInt64BigEndian(head) != NbdWire.OptionMagic || length > LongestOption)
            throw new IOException("The peer does not speak NBD.");
        var payload = new byte[length];
        await stream.ReadExactlyAsync(payload, stop);
        return (BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(8)), payload);
    }
}
