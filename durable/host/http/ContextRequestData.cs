using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using SnapshotWorkflows.Functions.Worker;
using SnapshotWorkflows.Functions.Worker.Http;

namespace SnapshotWorkflows.Durable.Host.Http;

/// <summary>The worker's view of a request of ASP.NET Core.</summary>
internal sealed class ContextRequestData(FunctionContext function, HttpContext context) : HttpRequestData(function)
{
    public override Stream Body => context.Request.Body;

    public override HttpHeadersCollection Headers => field ??=
        new HttpHeadersCollection(context.Request.Headers.Select(header => KeyValuePair.Create(header.Key, header.Value.Select(value => value ?? ""))));

    public override Uri Url => field ??= new Uri(context.Request.GetEncodedUrl());

    public override IEnumerable<ClaimsIdentity> Identities => context.User.Identities;

    public override string Method => context.Request.Method;

    public override HttpResponseData CreateResponse() => new ContextResponseData(FunctionContext);
}

/// <summary>An answer that is put together in memory and sent when the function has returned it.</summary>
internal sealed class ContextResponseData(FunctionContext function) : HttpResponseData(function)
{
    public override HttpStatusCode StatusCode { get; set; } = HttpStatusCode.OK;

    public override HttpHeadersCollection Headers { get; set; } = [];

    public override Stream Body { get; set; } = new MemoryStream();

    public static async Task SendAsync(HttpResponseData answer, HttpContext context)
    {
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers)
        {
            context.Response.Headers[name] = values.ToArray();
        }

        if (answer.Body.CanSeek)
        {
            answer.Body.Position = 0;
            if (answer.Body.Length > 0)
            {
                context.Response.ContentLength = answer.Body.Length;
            }
        }

        await answer.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
        await answer.Body.DisposeAsync();
    }
}
