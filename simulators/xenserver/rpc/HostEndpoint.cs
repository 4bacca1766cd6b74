using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>One host's address: finds the handler by the longest prefix of the path, as xapi's server does.</summary>
internal sealed class HostEndpoint(Pool pool, HostRow host, Dispatcher dispatcher) : ISimulatedEndpoint
{
    private const int LargestBody = 300 * 1024;
    private readonly ExportHandler _export = new(pool, host);
    private readonly ImportHandler _import = new(pool, host);

    public async Task InvokeAsync(HttpContext context)
    {
        lock (pool.Gate)
        {
            if (!host.Online || pool.Now < pool.AwayUntil)
            {
                context.Abort();
                return;
            }
        }

        var path = context.Request.Path.Value ?? "/";
        context.Response.Headers["Access-Control-Allow-Origin"] = "*";
        context.Response.Headers["Access-Control-Allow-Headers"] = "X-Requested-With, Content-Type";
        if (HttpMethods.IsGet(context.Request.Method) && path.StartsWith("/export_raw_vdi", StringComparison.Ordinal))
            await _export.AnswerAsync(context);
        else if (HttpMethods.IsPut(context.Request.Method) && path.StartsWith("/import_raw_vdi", StringComparison.Ordinal))
            await _import.AnswerAsync(context);
        else if (HttpMethods.IsPost(context.Request.Method))
            await RpcAsync(context, isJson: path.StartsWith("/json", StringComparison.Ordinal));
        else if (HttpMethods.IsOptions(context.Request.Method))
            context.Response.StatusCode = StatusCodes.Status200OK;
        else
            await PageAsync(context, StatusCodes.Status404NotFound, "404 Not Found", "There is nothing here.");
    }

    private static async Task PageAsync(HttpContext context, int status, string title, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html";
        context.Response.Headers.Connection = "close";
        await context.Response.WriteAsync($"<html><body><h1>HTTP {title}</h1>{System.Net.WebUtility.HtmlEncode(text)}</body></html>", context.RequestAborted);
    }

    private async Task RpcAsync(HttpContext context, bool isJson)
    {
        IRpcForm form;
        try
        {
            var body = await ReadAsync(context);
            form = isJson ? JsonForm.Parse(body) : XmlForm.Parse(body);
        }
        catch (MalformedRequest e)
        {
            await PageAsync(context, StatusCodes.Status500InternalServerError, "500 internal error", e.Message);
            return;
        }

        var faults = pool.Options.Faults;
        var method = form.Request.Method;
        var plain = Dispatcher.Plain(method);
        var outside = faults.Take(XenServerSimulator.System, pool.Options.PoolName, XenServerSimulator.OutsideDispatch);
        var fault = faults.Take(XenServerSimulator.System, pool.Options.PoolName, method);
        if (plain.Length != method.Length)
        {
            var plainFault = faults.Take(XenServerSimulator.System, pool.Options.PoolName, plain);
            fault ??= plainFault;
        }

        fault ??= outside;
        if (await FaultedExchange.EndsBeforeEffectAsync(context, fault))
            return;
        var answer = outside?.Action == FaultAction.Fail ? OutsideDispatch(form, outside) : await AnswerAsync(form, fault, context);
        if (answer is not null && fault?.Action == FaultAction.Duplicate)
        {
            fault.Shows();
            answer = await AnswerAsync(form, fault, context);
        }

        if (answer is null)
            return;
        if (fault?.Action == FaultAction.Restart)
        {
            fault.Shows();
            lock (pool.Gate)
                pool.Restart(fault.Duration);
            context.Abort();
            return;
        }

        using var occupied = dispatcher.Occupy(form.Request, fault);
        await FaultedExchange.AnswerAsync(context, fault, pool.Options.Clock, StatusCodes.Status200OK, form.ContentType, answer);
    }

    private static byte[] OutsideDispatch(IRpcForm form, FaultSpecification fault)
    {
        fault.Shows();
        return form.FailureOutsideDispatch([fault.ErrorName ?? "INTERNAL_ERROR", .. fault.ErrorParams]);
    }

    /// <summary>Null when the client or the toolstack went away while it waited.</summary>
    private async Task<byte[]?> AnswerAsync(IRpcForm form, FaultSpecification? fault, HttpContext context)
    {
        try
        {
            lock (pool.Gate)
            {
                if (host.Ref != pool.Self.Master && form.Request.Method != SessionCalls.LocalLogin)
                {
                    TellCertificate(context);
                    throw new XenError("HOST_IS_SLAVE", pool.Coordinator.Address);
                }
            }

            return form.Success(await dispatcher.ExecuteAsync(form.Request, fault, context.RequestAborted));
        }
        catch (XenError e)
        {
            return form.Failure(e.Description);
        }
        catch (Exception e) when (e is ToolstackGone || (e is OperationCanceledException && context.RequestAborted.IsCancellationRequested))
        {
            context.Abort();
            return null;
        }
    }

    /// <summary>A client that asks for it learns the coordinator's certificate before it goes there.</summary>
    private void TellCertificate(HttpContext context)
    {
        if (context.Request.Headers["x-xenapi-request-host-certificate-thumbprint"] != "sha-256:master" || pool.Coordinator.CertificatePem.Length == 0)
            return;
        using var certificate = X509Certificate2.CreateFromPem(pool.Coordinator.CertificatePem);
        context.Response.Headers["x-xenapi-response-host-certificate-thumbprint"] = "sha-256:" + Convert.ToHexString(SHA256.HashData(certificate.RawDataMemory.Span));
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength is not { } length)
            throw new MalformedRequest("We require a content-length");
        if (length > LargestBody)
            throw new MalformedRequest("The request is too large");
        var body = new byte[length];
        await context.Request.Body.ReadExactlyAsync(body, context.RequestAborted);
        return body;
    }
}
