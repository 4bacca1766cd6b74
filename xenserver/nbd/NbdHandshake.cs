using System.Buffers.Binary;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace SnapshotWorkflows.XenServer;

/// <summary>What an export turned out to be.</summary>
internal sealed record NbdExport(Stream Stream, long Bytes, int LargestRead);

/// <summary>Newstyle negotiation as a client: TLS first, then GO, then EXPORT_NAME for servers that do not know GO.</summary>
internal static class NbdHandshake
{
    private const int LongestReply = 64 * 1024;
    private const int RepliesMax = 64;

    /// <param name="plainAllowed">Whether to go on unencrypted where the server offers no TLS.</param>
    /// <exception cref="NbdException">The server is none, refuses, or is not the one whose certificate the pool told us.</exception>
    public static async Task<NbdExport> RunAsync(Stream raw, NbdServerInfo server, bool plainAllowed, CancellationToken cancellation)
    {
        var greeting = await ReadAsync(raw, 18, cancellation);
        if (BinaryPrimitives.ReadUInt64BigEndian(greeting) != NbdProtocol.ServerMagic || BinaryPrimitives.ReadUInt64BigEndian(greeting.AsSpan(8)) != NbdProtocol.OptionMagic)
            throw new NbdException("The server does not speak NBD.", mayPass: false);
        var offered = BinaryPrimitives.ReadUInt16BigEndian(greeting.AsSpan(16));
        if ((offered & NbdProtocol.FlagFixedNewstyle) == 0) throw new NbdException("The server speaks an NBD that is too old.", mayPass: false);
        var flags = (uint)(offered & (NbdProtocol.FlagFixedNewstyle | NbdProtocol.FlagNoZeroes));
        var answer = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(answer, flags);
        await raw.WriteAsync(answer, cancellation);
        var stream = await EncryptAsync(raw, server, plainAllowed, cancellation);
        try
        {
            return await GoAsync(stream, server, cancellation)
                ?? await ByNameAsync(stream, server, (flags & NbdProtocol.FlagNoZeroes) != 0, cancellation);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private static async Task<Stream> EncryptAsync(Stream raw, NbdServerInfo server, bool plainAllowed, CancellationToken cancellation)
    {
        await SendAsync(raw, NbdProtocol.OptionStartTls, [], cancellation);
        var (type, _) = await ReplyAsync(raw, NbdProtocol.OptionStartTls, cancellation);
        if (type != NbdProtocol.ReplyAck)
        {
            if (plainAllowed) return raw;
            throw new NbdException("The server offers no TLS. Give the pool's network the purpose nbd in place of insecure_nbd, or set AllowPlainNbd of the pool.", mayPass: false);
        }
        var expected = Fingerprint(server);
        var tls = new SslStream(raw, leaveInnerStreamOpen: false);
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = server.Subject,
                // CA5359 does not see it: exactly one certificate passes, the one that the pool's trusted connection named.
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null
                    && CryptographicOperations.FixedTimeEquals(SHA256.HashData(shown.GetRawCertData()), expected),
            }, cancellation);
            return tls;
        }
        catch (System.Security.Authentication.AuthenticationException fault)
        {
            await tls.DisposeAsync();
            throw new NbdException("The NBD server's certificate is not the one that the pool states for it.", mayPass: false, fault);
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private static byte[] Fingerprint(NbdServerInfo server)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(server.Certificate);
            return SHA256.HashData(certificate.RawDataMemory.Span);
        }
        catch (CryptographicException fault)
        {
            throw new NbdException("The pool states a certificate of its NBD server that cannot be read.", mayPass: false, fault);
        }
    }

    /// <summary>Null when the server does not know GO.</summary>
    private static async Task<NbdExport?> GoAsync(Stream stream, NbdServerInfo server, CancellationToken cancellation)
    {
        var name = Encoding.UTF8.GetBytes(server.ExportName);
        var payload = new byte[4 + name.Length + 4];
        BinaryPrimitives.WriteInt32BigEndian(payload, name.Length);
        name.CopyTo(payload, 4);
        BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(4 + name.Length), 1);
        BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(6 + name.Length), NbdProtocol.InfoBlockSize);
        await SendAsync(stream, NbdProtocol.OptionGo, payload, cancellation);
        long? bytes = null;
        var largest = int.MaxValue;
        for (var replies = 0; replies < RepliesMax; replies++)
        {
            var (type, data) = await ReplyAsync(stream, NbdProtocol.OptionGo, cancellation);
            if (type == NbdProtocol.ReplyUnsupported) return null;
            if ((type & NbdProtocol.ReplyErrorBit) != 0) throw new NbdException($"The server refuses the export (NBD reply {type:x8}).", mayPass: true);
            if (type == NbdProtocol.ReplyAck) return new(stream, Checked(bytes), largest);
            if (type != NbdProtocol.ReplyInfo || data.Length < 2) continue;
            var kind = BinaryPrimitives.ReadUInt16BigEndian(data);
            if (kind == NbdProtocol.InfoExport && data.Length >= 12) bytes = BinaryPrimitives.ReadInt64BigEndian(data.AsSpan(2));
            if (kind == NbdProtocol.InfoBlockSize && data.Length >= 14) largest = (int)Math.Min(int.MaxValue, BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(10)));
        }
        throw new NbdException("The server's negotiation has no end.", mayPass: false);
    }

    private static async Task<NbdExport> ByNameAsync(Stream stream, NbdServerInfo server, bool noZeroes, CancellationToken cancellation)
    {
        await SendAsync(stream, NbdProtocol.OptionExportName, Encoding.UTF8.GetBytes(server.ExportName), cancellation);
        byte[] info;
        try
        {
            info = await ReadAsync(stream, noZeroes ? 10 : 134, cancellation);
        }
        catch (NbdException fault)
        {
            throw new NbdException("The server closed the connection at the export's name: the session has ended, or the disk is in use elsewhere.", mayPass: true, fault);
        }
        return new(stream, Checked(BinaryPrimitives.ReadInt64BigEndian(info)), int.MaxValue);
    }

    private static long Checked(long? bytes) => bytes is > 0 ? bytes.Value : throw new NbdException("The server states no size of the export.", mayPass: false);

    private static async Task SendAsync(Stream stream, uint option, byte[] payload, CancellationToken cancellation)
    {
        var bytes = new byte[16 + payload.Length];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, NbdProtocol.OptionMagic);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8), option);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), payload.Length);
        payload.CopyTo(bytes, 16);
        await stream.WriteAsync(bytes, cancellation);
    }

    private static async Task<(uint Type, byte[] Data)> ReplyAsync(Stream stream, uint option, CancellationToken cancellation)
    {
        var head = await ReadAsync(stream, 20, cancellation);
        var length = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(16));
        if (BinaryPrimitives.ReadUInt64BigEndian(head) != NbdProtocol.OptionReplyMagic || BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(8)) != option || length > LongestReply)
            throw new NbdException("The server's negotiation cannot be read.", mayPass: false);
        return (BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(12)), await ReadAsync(stream, (int)length, cancellation));
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int length, CancellationToken cancellation)
    {
        var bytes = new byte[length];
        try
        {
            await stream.ReadExactlyAsync(bytes, cancellation);
            return bytes;
        }
        catch (EndOfStreamException fault)
        {
            throw new NbdException("The server closed the connection.", mayPass: true, fault);
        }
    }
}
