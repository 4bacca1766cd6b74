using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Clients;

public sealed class NbdReaderTests
{
    private const uint ReplyMagic = 0x67446698;

    [Fact]
    public async Task Pages_of_zeros_from_a_server_by_the_book_are_read()
    {
        await using var server = new HostileNbdServer(async (stream, stop) =>
        {
            await HostileNbdServer.GreetAsync(stream, 8192, stop);
            while (true)
            {
                var (handle, length) = await HostileNbdServer.ReadRequestAsync(stream, stop);
                await stream.WriteAsync(HostileNbdServer.Reply(ReplyMagic, 0, handle, length), stop);
            }
        });
        await using var reader = await OpenAsync(server);
        var buffer = new byte[] { 1, 2, 3 };
        Assert.Equal(3, await reader.ReadAsync(700, buffer, default));
        Assert.Equal([0, 0, 0], buffer);
        Assert.Equal(1, server.Connections);
    }

    [Theory]
    [InlineData("magic", XenApiErrorKind.Transient)]
    [InlineData("handle", XenApiErrorKind.Transient)]
    [InlineData("short", XenApiErrorKind.Transient)]
    [InlineData("EIO", XenApiErrorKind.Transient)]
    [InlineData("EPERM", XenApiErrorKind.Permanent)]
    [InlineData("EINVAL", XenApiErrorKind.Permanent)]
    public async Task A_reply_that_is_none_is_tried_over_new_connections_and_then_told(string way, XenApiErrorKind kind)
    {
        await using var server = new HostileNbdServer(async (stream, stop) =>
        {
            await HostileNbdServer.GreetAsync(stream, 8192, stop);
            var (handle, length) = await HostileNbdServer.ReadRequestAsync(stream, stop);
            await stream.WriteAsync(way switch
            {
                "magic" => HostileNbdServer.Reply(0x668e33ef, 0, handle, length),
                "handle" => HostileNbdServer.Reply(ReplyMagic, 0, new byte[8], length),
                "short" => HostileNbdServer.Reply(ReplyMagic, 0, handle, length - 1),
                "EIO" => HostileNbdServer.Reply(ReplyMagic, 5, handle, 0),
                "EPERM" => HostileNbdServer.Reply(ReplyMagic, 1, handle, 0),
                _ => HostileNbdServer.Reply(ReplyMagic, 22, handle, 0),
            }, stop);
        });
        var fault = await Assert.ThrowsAsync<XenApiException>(() => OpenAsync(server));
        Assert.Equal((XenApiErrors.NbdBroken, kind), (fault.Code, fault.Kind));
        Assert.Equal(kind == XenApiErrorKind.Permanent ? 1 : 3, server.Connections);
        Assert.DoesNotContain("canary", fault.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("greeting")]
    [InlineData("old")]
    [InlineData("endless")]
    [InlineData("huge")]
    [InlineData("size")]
    [InlineData("other")]
    public async Task A_negotiation_that_leads_nowhere_ends(string way)
    {
        await using var server = new HostileNbdServer(async (stream, stop) =>
        {
            if (way is "size" or "other")
            {
                await HostileNbdServer.GreetAsync(stream, way == "size" ? -1 : 4096, stop);
                return;
            }
            await stream.WriteAsync(way switch
            {
                "greeting" => "HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(),
                "old" => Convert.FromHexString("4e42444d4147494349484156454f50540000"),
                _ => Convert.FromHexString("4e42444d4147494349484156454f50540001"),
            }, stop);
            await stream.ReadExactlyAsync(new byte[4], stop);
            await HostileNbdServer.ReadOptionAsync(stream, stop);
            await stream.WriteAsync(HostileNbdServer.OptionReply(5, 0x80000001, []), stop);
            await HostileNbdServer.ReadOptionAsync(stream, stop);
            var reply = HostileNbdServer.OptionReply(7, 3, [0, 9]);
            if (way == "huge") reply[16] = 0x7F;
            while (true) await stream.WriteAsync(reply, stop);
        });
        var fault = await Assert.ThrowsAsync<XenApiException>(() => OpenAsync(server));
        Assert.Equal((XenApiErrors.NbdBroken, XenApiErrorKind.Permanent), (fault.Code, fault.Kind));
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task A_server_that_is_not_there_passes()
    {
        var server = new HostileNbdServer((_, _) => Task.CompletedTask);
        var rig = Rig(server);
        await server.DisposeAsync();
        var fault = await Assert.ThrowsAsync<XenApiException>(() => rig.Client.OpenVdiNbdAsync(new("OpaqueRef:vdi"), default));
        Assert.Equal((XenApiErrors.NbdBroken, XenApiErrorKind.Transient), (fault.Code, fault.Kind));
    }

    /// <summary>Whatever bytes a server sends, at whatever point, the client ends with an error of its own kind.</summary>
    [Fact]
    public void Any_bytes_from_the_server_end_in_an_error_and_nothing_else() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<NonNegativeInt>(), (noise, point) => HoldsAsync(noise, point.Get % 4).GetAwaiter().GetResult())
        .Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    private static async Task<bool> HoldsAsync(byte[] noise, int point)
    {
        await using var server = new HostileNbdServer(async (stream, stop) =>
        {
            if (point == 0)
            {
                await stream.WriteAsync(noise, stop);
            }
            else if (point < 3)
            {
                await stream.WriteAsync(Convert.FromHexString("4e42444d4147494349484156454f50540001"), stop);
                await stream.ReadExactlyAsync(new byte[4], stop);
                await HostileNbdServer.ReadOptionAsync(stream, stop);
                await stream.WriteAsync(point == 1 ? noise : HostileNbdServer.OptionReply(5, 0x80000001, []), stop);
                if (point == 2)
                {
                    await HostileNbdServer.ReadOptionAsync(stream, stop);
                    await stream.WriteAsync(HostileNbdServer.OptionReply(7, 3, noise), stop);
                }
            }
            else
            {
                await HostileNbdServer.GreetAsync(stream, 8192, stop);
                await HostileNbdServer.ReadRequestAsync(stream, stop);
                await stream.WriteAsync(noise, stop);
            }
            stream.Socket.Shutdown(SocketShutdown.Send);
        });
        var fault = await Record.ExceptionAsync(() => OpenAsync(server));
        return fault is XenApiException { Code: XenApiErrors.NbdBroken };
    }

    private static async Task<VdiNbdReader> OpenAsync(HostileNbdServer server) => await Rig(server).Client.OpenVdiNbdAsync(new("OpaqueRef:vdi"), default);

    private static XenServerRig Rig(HostileNbdServer server)
    {
        var rig = new XenServerRig(change: options => (options.AllowPlainNbd, options.NbdAttempts) = (true, 3));
        rig.LogIn().Result(XenServerRig.Vdi("u1", 8192));
        for (var i = 0; i < 3; i++) rig.Result(server.Info);
        return rig;
    }
}
