using System.Net;
using System.Net.Http.Headers;

namespace SnapshotWorkflows.XenServer;

/// <summary>Writes a disk through the pool: PUT /import_raw_vdi, whose 200 comes before the body is looked at, so that only the task says how it ended.</summary>
/// <remarks>xapi-project/xen-api ocaml/xapi/import_raw_vdi.ml. The pool reads no chunked body: the length must be known.</remarks>
internal static class VdiImport
{
    private const string Method = "import_raw_vdi";

    public static async Task RunAsync(XenServerClient client, OpaqueRef vdi, VdiExportFormat format, Stream content, long contentBytes, IProgress<long>? progress, string? label, CancellationToken cancellation, CancellationToken stop)
    {
        var record = await client.Vdis.GetAsync(vdi, cancellation);
        if (format == VdiExportFormat.Raw && contentBytes > record.VirtualBytes)
            throw new XenApiException(Method, XenApiErrors.ImportBroken, [], XenApiErrorKind.Permanent, $"{contentBytes} bytes do not fit a disk of {record.VirtualBytes}.");
        var session = await client.Connection.SessionAsync(cancellation);
        var query = $"/import_raw_vdi?vdi={Uri.EscapeDataString(vdi.Value)}&format={(format == VdiExportFormat.Raw ? "raw" : "vhd")}";
        // The body can be sent once only, so where it is to go is found out before.
        var host = await FindHostAsync(client, query, session, cancellation);
        var task = await VdiExport.FindOrCreateTaskAsync(client, label ?? $"Import into {record.Uuid}", cancellation, stop);
        var ended = false;
        try
        {
            cancellation.ThrowIfCancellationRequested();
            await SendAsync(client, new Uri(host, $"{query}&task_id={Uri.EscapeDataString(task.Value)}"), session, content, contentBytes, task, progress, cancellation);
            await EndAsync(client, task, cancellation);
            ended = true;
        }
        finally
        {
            await VdiExport.TidyAsync(client, task, cancel: !ended);
        }
    }

    /// <summary>An empty body changes nothing; the answer is 200 or the way to another host.</summary>
    private static async Task<Uri> FindHostAsync(XenServerClient client, string query, string session, CancellationToken cancellation)
    {
        var connection = client.Connection;
        using var request = Request(new Uri(connection.Coordinator, query), session, new ByteArrayContent([]));
        using var deadline = new CancellationTokenSource(connection.Options.CallTimeout, connection.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            using var response = await connection.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
            if (response.StatusCode == HttpStatusCode.OK) return connection.Coordinator;
            if (response.StatusCode is HttpStatusCode.Redirect or HttpStatusCode.TemporaryRedirect) return await VdiExport.PoolHostAsync(client, response.Headers.Location, cancellation);
            if (response.StatusCode == HttpStatusCode.Unauthorized) connection.Forget(session);
            throw Refused(response.StatusCode);
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw new XenApiException(Method, XenApiErrors.TimedOut, [], XenApiErrorKind.Transient, "The import did not begin in time.", fault);
        }
        catch (HttpRequestException fault)
        {
            throw connection.Broken(Method, fault, write: false);
        }
    }

    private static async Task SendAsync(XenServerClient client, Uri address, string session, Stream content, long contentBytes, OpaqueRef task, IProgress<long>? progress, CancellationToken cancellation)
    {
        var connection = client.Connection;
        using var idle = new CancellationTokenSource(Timeout.InfiniteTimeSpan, connection.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, idle.Token);
        idle.CancelAfter(connection.Options.StreamIdleTimeout);
        using var body = new MeteredContent(content, contentBytes, sent =>
        {
            idle.CancelAfter(connection.Options.StreamIdleTimeout);
            progress?.Report(sent);
        });
        using var request = Request(address, session, body);
        try
        {
            using var response = await connection.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
            if (response.StatusCode != HttpStatusCode.OK) throw Refused(response.StatusCode);
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw Broken($"The pool took no byte for {connection.Options.StreamIdleTimeout.TotalSeconds:0.#} s.", fault);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            if (body.SourceFault is { } source) throw new XenApiException(Method, XenApiErrors.ImportBroken, [], XenApiErrorKind.Reconcile, "What was to be written could not be read.", source);
            throw await FailureAsync(client, task, cancellation) ?? (body.Sent == 0 ? connection.Broken(Method, fault, write: false) : Broken("The connection broke.", fault));
        }
    }

    private static async Task EndAsync(XenServerClient client, OpaqueRef task, CancellationToken cancellation)
    {
        var connection = client.Connection;
        using var deadline = new CancellationTokenSource(connection.Options.ExportEndTimeout, connection.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            var ended = await client.Tasks.WaitAsync(task, linked.Token);
            if (ended.FindFailure() is { } failure) throw Failed(failure);
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw Broken($"The task of the import did not end within {connection.Options.ExportEndTimeout.TotalSeconds:0.#} s after the last byte.", fault);
        }
    }

    private static async Task<XenApiException?> FailureAsync(XenServerClient client, OpaqueRef task, CancellationToken cancellation)
    {
        try
        {
            return (await client.Tasks.FindAsync(task, cancellation))?.FindFailure() is { } failure ? Failed(failure) : null;
        }
        catch (XenApiException)
        {
            // The question must not hide the first fault.
            return null;
        }
    }

    /// <summary>The disk now holds something in between, unless somebody else held it, so that it was never opened.</summary>
    private static XenApiException Failed(XenApiException failure) => failure.Code is XenApiErrors.VdiInUse or "OTHER_OPERATION_IN_PROGRESS"
        ? failure
        : new(Method, failure.Code, failure.Parameters, XenApiErrorKind.Reconcile, "The disk is half written: destroy it and begin anew.", failure);

    private static XenApiException Broken(string note, Exception fault) =>
        new(Method, XenApiErrors.ImportBroken, [], XenApiErrorKind.Reconcile, $"{note} The disk is half written: destroy it and begin anew.", fault);

    private static XenApiException Refused(HttpStatusCode status) => new(Method, $"Http{(int)status}", [],
        (int)status is 401 or >= 500 ? XenApiErrorKind.Transient : status == HttpStatusCode.Forbidden ? XenApiErrorKind.PermissionDenied : XenApiErrorKind.Permanent, "The pool refuses the import.");

    private static HttpRequestMessage Request(Uri address, string session, HttpContent content)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        var request = new HttpRequestMessage(HttpMethod.Put, address) { Content = content };
        // A cookie, not the query: addresses end up in access logs.
        request.Headers.Add("Cookie", $"session_id={session}");
        return request;
    }
}
