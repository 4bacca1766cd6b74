using System.Net;

namespace SnapshotWorkflows.XenServer;

/// <summary>Opens the way for an export: task, request, at most one redirect to another host of the pool.</summary>
internal static class VdiExport
{
    private const string Method = "export_raw_vdi";
    private const int LooksMax = 3;

    public static async Task<VdiExportStream> OpenAsync(XenServerClient client, Vdi vdi, VdiExportFormat format, string? label, OpaqueRef? since, CancellationToken cancellation, CancellationToken stop)
    {
        var task = await FindOrCreateTaskAsync(client, label ?? $"Export of {vdi.Uuid}", cancellation, stop);
        try
        {
            cancellation.ThrowIfCancellationRequested();
            var response = await RequestAsync(client, vdi.Ref, format, since, task, cancellation);
            return new VdiExportStream(client, response, await response.Content.ReadAsStreamAsync(cancellation), vdi, task, format);
        }
        catch
        {
            await TidyAsync(client, task, cancel: true);
            throw;
        }
    }

    /// <summary>
    /// A task that was made and never used, because its maker died between the two, stays pending for a day: it is taken up again. Should its first
    /// export or import still be ending, ours fails with it and is tried anew. One that was asked to stop is left alone: whatever took it up would be cancelled.
    /// A wish to cancel does not give up the making, for what is made all the same nobody would know; whoever is given the task tidies it.
    /// </summary>
    public static async Task<OpaqueRef> FindOrCreateTaskAsync(XenServerClient client, string label, CancellationToken cancellation, CancellationToken stop)
    {
        for (var look = 1; ; look++)
        {
            var unused = (await client.Tasks.ListAsync(label, look == 1 ? cancellation : stop)).FirstOrDefault(task =>
                task.NameLabel == label && task is { Ended: false, Progress: 0 } && !task.CurrentOperations.Values.Contains("cancel", StringComparer.Ordinal));
            if (unused is not null) return unused.Ref;
            try
            {
                return await client.Tasks.CreateAsync(label, "SnapshotWorkflows", stop);
            }
            catch (XenApiException lost) when (lost.Kind is XenApiErrorKind.Transient or XenApiErrorKind.Reconcile && look < LooksMax)
            {
                // Whatever it made is found by its label.
                client.Connection.Logger.ReadingAgain(client.PoolName, lost.Method, lost.Code, 0, look + 1);
            }
        }
    }

    /// <summary>Cancels (if asked) and drops our task; failing that, the pool drops it by itself.</summary>
    public static async Task TidyAsync(XenServerClient client, OpaqueRef task, bool cancel)
    {
        using var moment = new CancellationTokenSource(client.Connection.Options.CallTimeout, client.Connection.Time);
        try
        {
            if (cancel)
            {
                await client.Tasks.CancelAsync(task, moment.Token);
                // Where no export took the task up, nobody but us will end it.
                if (await client.Tasks.FindAsync(task, moment.Token) is { Ended: false, Progress: 0 }) await client.Tasks.EndCancelledAsync(task, moment.Token);
            }
            await client.Tasks.DestroyAsync(task, moment.Token);
        }
        catch (XenApiException fault)
        {
            client.Connection.Logger.TaskLeft(client.PoolName, task.Value, fault.Code);
        }
        catch (OperationCanceledException)
        {
            client.Connection.Logger.TaskLeft(client.PoolName, task.Value, XenApiErrors.TimedOut);
        }
    }

    private static async Task<HttpResponseMessage> RequestAsync(XenServerClient client, OpaqueRef vdi, VdiExportFormat format, OpaqueRef? since, OpaqueRef task, CancellationToken cancellation)
    {
        var connection = client.Connection;
        var session = await connection.SessionAsync(cancellation);
        var wire = format == VdiExportFormat.Raw ? "raw" : "vhd";
        var query = $"/export_raw_vdi?vdi={Uri.EscapeDataString(vdi.Value)}&format={wire}&task_id={Uri.EscapeDataString(task.Value)}"
            + (since is { } known ? $"&base={Uri.EscapeDataString(known.Value)}" : "");
        var host = connection.Coordinator;
        for (var redirected = false; ; redirected = true)
        {
            var response = await SendAsync(connection, new Uri(host, query), session, cancellation);
            if (response.StatusCode == HttpStatusCode.OK) return response;
            using (response)
            {
                if (response.StatusCode is HttpStatusCode.Redirect or HttpStatusCode.TemporaryRedirect && !redirected)
                {
                    host = await PoolHostAsync(client, response.Headers.Location, cancellation);
                    continue;
                }
                if (response.StatusCode == HttpStatusCode.Unauthorized) connection.Forget(session);
                // The task knows why, when the pool got as far as that.
                if ((await client.Tasks.FindAsync(task, cancellation))?.FindFailure() is { } failure) throw failure;
                throw new XenApiException(Method, $"Http{(int)response.StatusCode}", [],
                    (int)response.StatusCode is 401 or >= 500 ? XenApiErrorKind.Transient : response.StatusCode == HttpStatusCode.Forbidden ? XenApiErrorKind.PermissionDenied : XenApiErrorKind.Permanent,
                    "The pool refuses the export.");
            }
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(XenConnection connection, Uri address, string session, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(connection.Options.CallTimeout, connection.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        // A cookie, not the query: addresses end up in access logs.
        request.Headers.Add("Cookie", $"session_id={session}");
        try
        {
            return await connection.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw new XenApiException(Method, XenApiErrors.TimedOut, [], XenApiErrorKind.Transient, "The export did not begin in time.", fault);
        }
        catch (HttpRequestException fault)
        {
            throw connection.Broken(Method, fault, write: false);
        }
    }

    /// <summary>The redirect's host, if it is one of the pool: our session goes nowhere else.</summary>
    public static async Task<Uri> PoolHostAsync(XenServerClient client, Uri? location, CancellationToken cancellation)
    {
        var endpoint = client.Connection.Options.Endpoint!;
        if (location is { IsAbsoluteUri: true } && location.Scheme == endpoint.Scheme)
        {
            foreach (var host in await client.Pool.ListHostsAsync(cancellation))
                if (HostAddress.Resolve(host.Address, endpoint) is { } address && address.Authority == location.Authority) return address;
        }
        throw new XenApiException(Method, "Http302", [], XenApiErrorKind.Permanent,
            $"The pool sends us to {(location is { IsAbsoluteUri: true } ? location.Authority : "nowhere")}, which is no host of it.");
    }
}
