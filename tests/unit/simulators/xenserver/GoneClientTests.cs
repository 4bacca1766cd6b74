using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace SnapshotWorkflows.Tests.Unit.Simulators.XenServer;

/// <summary>A client that hangs up just when its answer begins leaves no task that nobody ends.</summary>
public sealed class GoneClientTests
{
    [Theory]
    [InlineData("PUT", "/import_raw_vdi")]
    [InlineData("GET", "/export_raw_vdi")]
    public async Task The_task_of_a_client_that_is_gone_ends(string method, string path)
    {
        using var pool = new PoolRig();
        var vdi = pool.EmptyVdi(pool.NfsSr(), 4 << 20);
        var task = pool.Call("task.create", "transfer", "");
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        var context = new DefaultHttpContext { RequestAborted = gone.Token };
        context.Features.Set<IHttpRequestLifetimeFeature>(new Gone { RequestAborted = gone.Token });
        context.Request.Method = method;
        context.Request.Path = path;
        context.Request.QueryString = new QueryString($"?session_id={pool.Session}&task_id={task}&vdi={vdi}&format=raw");
        context.Request.ContentLength = method == "PUT" ? 0 : null;
        context.Response.Body = new MemoryStream();
        await pool.Simulator.Endpoint(pool.Simulator.Hosts[0].Uuid).InvokeAsync(context);
        Assert.Equal("failure", pool.Call("task.get_status", task));
    }

    private sealed class Gone : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; }

        public void Abort()
        {
        }
    }
}
