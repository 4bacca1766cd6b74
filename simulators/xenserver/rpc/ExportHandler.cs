using System.Text;
using Microsoft.AspNetCore.Http;
using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// GET /export_raw_vdi: the status line goes out before the disk is attached, there is no length, and what fails later shows as a
/// second status line in the body or as a body that is too short. The disk stays attached for a moment after the task has ended.
/// </summary>
internal sealed class ExportHandler(Pool pool, HostRow host)
{
    public const string Method = "export_raw_vdi";

    private const int RawPiece = 1 << 20;

    public async Task AnswerAsync(HttpContext context)
    {
        var fault = pool.Options.Faults.Take(XenServerSimulator.System, pool.Options.PoolName, Method);
        if (await FaultedExchange.EndsBeforeEffectAsync(context, fault))
            return;
        TaskRow task;
        VdiRow vdi;
        VdiRow? parent = null;
        var format = HttpAccess.Parameter(context.Request, "format") ?? "raw";
        lock (pool.Gate)
        {
            pool.Step();
            if (HttpAccess.Refusal(pool, context) is { } status)
            {
                context.Response.StatusCode = status;
                return;
            }

            var wanted = HttpAccess.Parameter(context.Request, "vdi") ?? "";
            var found = pool.Db.Find<VdiRow>(wanted) ?? pool.Db.FindByUuid<VdiRow>(wanted);
            if (found is not null && HostRedirect.Elsewhere(pool, host, found) is { } other)
            {
                HostRedirect.To(context, other);
                return;
            }

            var given = HttpAccess.Parameter(context.Request, "task_id");
            var known = given is null ? pool.NewHandlerTask("Exporting raw VDI") : pool.Db.Find<TaskRow>(given);
            if (found is null || known is null || format is not ("raw" or "vhd"))
            {
                if (known is not null)
                    pool.Fail(known, found is null ? new XenError("HANDLE_INVALID", "VDI", wanted) : XenError.Internal($"unknown format {format}"));
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            if (format == "vhd" && HttpAccess.Parameter(context.Request, "base") is { Length: > 0 } wantedBase)
            {
                parent = pool.Db.Find<VdiRow>(wantedBase) ?? pool.Db.FindByUuid<VdiRow>(wantedBase);
                if (parent is null)
                {
                    pool.Fail(known, new XenError("HANDLE_INVALID", "VDI", wantedBase));
                    context.Response.StatusCode = StatusCodes.Status404NotFound;
                    return;
                }
            }

            (task, vdi) = (known, found);
        }

        BareBody.Use(context.Response);
        context.Response.Headers.CacheControl = "no-cache, no-store";
        context.Response.Headers["task-id"] = task.Ref;
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{vdi.Uuid}.{format}\"";
        context.Response.ContentType = format == "vhd" ? "application/vhd" : "application/octet-stream";
        await SendAsync(context, task, vdi, parent, format, fault);
    }

    private async Task SendAsync(HttpContext context, TaskRow task, VdiRow vdi, VdiRow? parent, string format, FaultSpecification? fault)
    {
        TemporaryAttachment? attached = null;
        TemporaryAttachment? below = null;
        var life = pool.Life;
        try
        {
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (fault?.Action == FaultAction.Fail)
                throw XenError.Planned(fault);
            lock (pool.Gate)
            {
                attached = TemporaryAttachment.Make(pool, host, vdi, readOnly: true);
                below = parent is null ? null : TemporaryAttachment.Make(pool, host, parent, readOnly: true);
            }

            if (fault?.Action == FaultAction.Stall)
            {
                fault.Shows();
                await FaultedExchange.HoldAsync(fault.Duration, pool.Options.Clock, context.RequestAborted);
            }

            var vhd = format == "vhd"
                ? new VhdExport(attached.Disk, Guid.Parse(vdi.Uuid), pool.Now, below is null ? null : (below.Disk, Guid.Parse(parent!.Uuid)))
                : null;
            await StreamAsync(context, task, attached.Disk, vhd, fault, life);
            End(task, attached, error: null);
            pool.Options.Faults.CountCall(XenServerSimulator.System, Method);
        }
        catch (ShortBody cut)
        {
            End(task, attached, new XenError("VDI_IO_ERROR", "Device I/O errors"));
            if (cut.Restarts)
                lock (pool.Gate)
                    pool.Restart(fault!.Duration);
            if (cut.Breaks)
                context.Abort();
        }
        catch (XenError e)
        {
            End(task, attached, e);
            var line = Encoding.ASCII.GetBytes($"HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/html\r\n\r\n{e.Code}\r\n");
            await context.Response.Body.WriteAsync(line, context.RequestAborted);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            End(task, attached, new XenError("VDI_IO_ERROR", "Device I/O errors"));
            context.Abort();
        }
        finally
        {
            below?.Dispose();
        }
    }

    private async Task StreamAsync(HttpContext context, TaskRow task, VhdDisk disk, VhdExport? vhd, FaultSpecification? fault, int life)
    {
        var total = vhd?.Length ?? disk.Length;
        var limit = fault?.Action switch
        {
            FaultAction.Truncate when fault.Bytes < total => fault.Bytes,
            FaultAction.Restart => Math.Min(fault.Bytes, total),
            FaultAction.DropAnswer => 0,
            _ => long.MaxValue,
        };
        long sent = 0;
        foreach (var piece in vhd?.Pieces() ?? Raw(disk))
        {
            lock (pool.Gate)
            {
                if (pool.Life != life)
                    throw new ShortBody(breaks: true, restarts: false);
                if (task.CancelAsked)
                    throw new XenError("TASK_CANCELLED", task.Ref);
                pool.Progress(task, 0.99 * sent / total);
            }

            var take = (int)Math.Min(piece.Length, limit - sent);
            var sending = piece[..take];
            if (fault?.Action == FaultAction.Corrupt)
            {
                var wrong = sending.ToArray();
                CorruptedBytes.Turn(fault, sent, wrong);
                sending = wrong;
            }

            await context.Response.Body.WriteAsync(sending, context.RequestAborted);
            sent += take;
            if (sent == limit)
            {
                fault!.Shows();
                throw new ShortBody(fault.Action != FaultAction.Truncate, fault.Action == FaultAction.Restart);
            }
        }

        if (fault?.Action == FaultAction.Excess)
        {
            fault.Shows();
            await context.Response.Body.WriteAsync(new byte[fault.Bytes], context.RequestAborted);
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Raw(VhdDisk disk)
    {
        var buffer = new byte[RawPiece];
        for (long at = 0; at < disk.Length; at += RawPiece)
        {
            var length = (int)Math.Min(RawPiece, disk.Length - at);
            disk.Read(at, buffer.AsSpan(0, length));
            yield return buffer.AsMemory(0, length);
        }
    }

    private void End(TaskRow task, TemporaryAttachment? attached, XenError? error)
    {
        lock (pool.Gate)
        {
            if (error is null)
                pool.Succeed(task, null);
            else
                pool.Fail(task, error);
            attached?.Dispose();
            pool.Step();
        }
    }

    /// <summary>The body ends here although it is not complete.</summary>
    private sealed class ShortBody(bool breaks, bool restarts) : Exception
    {
        public bool Breaks { get; } = breaks;

        public bool Restarts { get; } = restarts;
    }
}
