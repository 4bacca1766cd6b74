using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// PUT /import_raw_vdi: 200 goes out before the body is read, so that only the task says how it ended. A body in chunks is refused with 404; one
/// without a length fails.
/// </summary>
/// <remarks>
/// xapi-project/xen-api ocaml/xapi/import_raw_vdi.ml (releases before 7 said 403 to chunks). A body that is shorter than a raw disk leaves the rest as it
/// was. What a body without a length does is a guess.
/// </remarks>
internal sealed class ImportHandler(Pool pool, HostRow host)
{
    public const string Method = "import_raw_vdi";

    private const int Piece = 1 << 20;

    public async Task AnswerAsync(HttpContext context)
    {
        var fault = pool.Options.Faults.Take(XenServerSimulator.System, pool.Options.PoolName, Method);
        if (await FaultedExchange.EndsBeforeEffectAsync(context, fault))
            return;
        if (Find(context) is not var (task, vdi, format))
            return;
        if (context.Request.Headers.TransferEncoding is { Count: > 0 } encoding)
        {
            End(task, XenError.Internal($"import code cannot handle encoding: {encoding}"));
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            context.Response.Headers.Connection = "close";
            return;
        }

        BareBody.Use(context.Response);
        context.Response.Headers.CacheControl = "no-cache, no-store";
        context.Response.Headers["task-id"] = task.Ref;
        try
        {
            await context.Response.StartAsync(context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (context.Request.ContentLength is not { } length)
                throw XenError.Internal("We require a content-length");
            if (fault?.Action == FaultAction.Fail)
                throw XenError.Planned(fault);
            if (fault?.Action == FaultAction.Restart && length == 0)
                throw new ToolstackGone();
            // Clients probe for a redirect with an empty body: it touches nothing.
            if (length > 0)
            {
                await TakeAsync(fault is null ? context.Request.Body : new FaultedUpload(context.Request.Body, length, fault), task, vdi, format);
                pool.Options.Faults.CountCall(XenServerSimulator.System, Method);
            }

            End(task, null);
            if (fault?.Action is FaultAction.DropAnswer or FaultAction.Stall)
                await EndLateAsync(context, fault);
        }
        catch (ToolstackGone)
        {
            fault!.Shows();
            lock (pool.Gate)
                pool.Restart(fault.Duration);
            context.Abort();
        }
        catch (XenError e)
        {
            End(task, e);
        }
        catch (InvalidDataException e)
        {
            End(task, XenError.Internal(e.Message));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or BadHttpRequestException)
        {
            End(task, new XenError("VDI_IO_ERROR", "Device I/O errors"));
            context.Abort();
        }
    }

    /// <summary>The connection breaks, or stays open for the time that was planned.</summary>
    private async Task EndLateAsync(HttpContext context, FaultSpecification fault)
    {
        fault.Shows();
        if (fault.Action == FaultAction.DropAnswer || !await FaultedExchange.HoldAsync(fault.Duration, pool.Options.Clock, context.RequestAborted))
            context.Abort();
    }

    private async Task TakeAsync(Stream body, TaskRow task, VdiRow vdi, string format)
    {
        TemporaryAttachment attachment;
        lock (pool.Gate)
            attachment = TemporaryAttachment.Make(pool, host, vdi, readOnly: false);
        using (attachment)
        {
            // Not until the client hangs up: some do as soon as they have sent everything, and what they sent still counts.
            if (format == "vhd")
                await new VhdImport(body, attachment.Disk).RunAsync(done => Progress(task, done), CancellationToken.None);
            else
                await RawAsync(body, attachment.Disk, task);
        }
    }

    private async Task RawAsync(Stream body, VhdDisk disk, TaskRow task)
    {
        var buffer = new byte[Piece];
        for (long at = 0; ;)
        {
            var read = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, CancellationToken.None);
            if (read == 0)
                return;
            if (at + read > disk.Length)
                throw new XenError("VDI_IO_ERROR", "Device I/O errors");
            disk.Write(at, buffer.AsSpan(0, read));
            at += read;
            Progress(task, (double)at / disk.Length);
        }
    }

    private void Progress(TaskRow task, double done)
    {
        lock (pool.Gate)
        {
            if (task.CancelAsked)
                throw new XenError("TASK_CANCELLED", task.Ref);
            pool.Progress(task, 0.99 * done);
        }
    }

    private (TaskRow Task, VdiRow Vdi, string Format)? Find(HttpContext context)
    {
        lock (pool.Gate)
        {
            pool.Step();
            if (HttpAccess.Refusal(pool, context) is { } status)
            {
                context.Response.StatusCode = status;
                return null;
            }

            var wanted = HttpAccess.Parameter(context.Request, "vdi") ?? "";
            var format = HttpAccess.Parameter(context.Request, "format") ?? "raw";
            var vdi = pool.Db.Find<VdiRow>(wanted) ?? pool.Db.FindByUuid<VdiRow>(wanted);
            var given = HttpAccess.Parameter(context.Request, "task_id");
            if (vdi is not null && HostRedirect.Elsewhere(pool, host, vdi) is { } other)
            {
                HostRedirect.To(context, other);
                return null;
            }

            var task = given is null ? pool.NewHandlerTask("Importing raw VDI") : pool.Db.Find<TaskRow>(given);
            if (vdi is null || task is null || format is not ("raw" or "vhd"))
            {
                if (task is not null)
                    pool.Fail(task, vdi is null ? new XenError("HANDLE_INVALID", "VDI", wanted) : XenError.Internal($"unknown format {format}"));
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return null;
            }

            return (task, vdi, format);
        }
    }

    private void End(TaskRow task, XenError? error)
    {
        lock (pool.Gate)
        {
            if (error is null)
                pool.Succeed(task, null);
            else
                pool.Fail(task, error);
            pool.Step();
        }
    }
}
