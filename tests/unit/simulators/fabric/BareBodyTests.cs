using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Fabric;

/// <summary>Bytes on a socket, since no client library shows how a body was framed.</summary>
public sealed class BareBodyTests
{
    [Fact]
    public async Task A_bare_body_has_no_length_and_no_framing_and_ends_with_the_connection()
    {
        await using var server = await SimulatorServer.StartAsync(new Answering(async context =>
        {
            if (context.Request.Path != "/bare")
            {
                await context.Response.WriteAsync("framed");
                return;
            }

            BareBody.Use(context.Response);
            context.Response.ContentType = "application/octet-stream";
            await context.Response.Body.FlushAsync();
            await context.Response.WriteAsync("one");
            await context.Response.WriteAsync("two");
        }));
        var all = await TalkAsync(server, "GET /framed HTTP/1.1\r\nHost: a\r\n\r\nGET /bare HTTP/1.1\r\nHost: a\r\n\r\n");
        var bare = all[all.LastIndexOf("HTTP/1.1 200", StringComparison.Ordinal)..];
        Assert.Contains("chunked", all[..^bare.Length], StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nonetwo", bare, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", bare, StringComparison.Ordinal);
        Assert.DoesNotContain("Transfer-Encoding", bare, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Content-Length", bare, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task An_export_is_bare_and_one_that_is_cut_ends_like_one_that_is_whole()
    {
        using var pool = new PoolRig();
        var (_, _, vdi, content) = pool.Volume();
        await using var server = await SimulatorServer.StartAsync(pool.Simulator);
        var request = $"GET /export_raw_vdi?session_id={pool.Session}&vdi={vdi} HTTP/1.1\r\nHost: a\r\n\r\n";
        Assert.Equal(content, Body(await TalkAsync(server, request)));
        pool.Faults.On("xenserver", "export_raw_vdi").Truncate(70_000);
        Assert.Equal(content[..70_000], Body(await TalkAsync(server, request)));

        byte[] Body(string answer)
        {
            var head = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            Assert.DoesNotContain("transfer-encoding", answer[..head], StringComparison.OrdinalIgnoreCase);
            return Encoding.Latin1.GetBytes(answer[(head + 4)..]);
        }
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n200\r\n", "HTTP/1.1 404")]
    [InlineData("\r\n", "HTTP/1.1 200")]
    public async Task An_import_takes_nothing_but_a_body_of_a_length_that_is_told(string end, string status)
    {
        using var pool = new PoolRig();
        var vdi = pool.EmptyVdi(pool.NfsSr(), 2 << 20);
        var task = pool.Call("task.create", "import", "");
        await using var server = await SimulatorServer.StartAsync(pool.Simulator);
        var answer = await TalkAsync(server, $"PUT /import_raw_vdi?session_id={pool.Session}&task_id={task}&vdi={vdi}&format=raw HTTP/1.1\r\nHost: a\r\n{end}");
        Assert.StartsWith(status, answer, StringComparison.Ordinal);
        Assert.Equal("failure", pool.Call("task.get_status", task));
    }

    [Fact]
    public async Task An_import_answers_bare_before_it_has_read_the_body()
    {
        using var pool = new PoolRig();
        var vdi = pool.EmptyVdi(pool.NfsSr(), 2 << 20);
        var task = pool.Call("task.create", "import", "");
        await using var server = await SimulatorServer.StartAsync(pool.Simulator);
        var body = new string('x', 1024);
        var answer = await TalkAsync(server, $"PUT /import_raw_vdi?session_id={pool.Session}&task_id={task}&vdi={vdi}&format=raw HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Transfer-Encoding", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("success", pool.Call("task.get_status", task));
    }

    /// <summary>Everything that comes back until the server ends the connection.</summary>
    private static async Task<string> TalkAsync(SimulatorServer server, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Uri.Host, server.Uri.Port, TestContext.Current.CancellationToken);
        // The certificate is the simulator's own, of a moment ago.
#pragma warning disable MA0039, CA5359
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore MA0039, CA5359
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
        using var all = new MemoryStream();
        try
        {
            await tls.CopyToAsync(all, TestContext.Current.CancellationToken);
        }
        catch (IOException) when (all.Length > 0)
        {
            // A server that has not read everything resets the connection after its answer.
        }

        return Encoding.Latin1.GetString(all.ToArray());
    }

    private sealed class Answering(Func<HttpContext, Task> answer) : ISimulatedEndpoint
    {
        public Task InvokeAsync(HttpContext context) => answer(context);
    }
}
