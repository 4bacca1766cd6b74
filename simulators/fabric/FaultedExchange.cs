using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>What every simulated address does with the transport faults, so that they mean the same everywhere.</summary>
public static class FaultedExchange
{
    /// <summary>
    /// Before the effect: true when the exchange is over and nothing may be executed (dropped request, bare HTTP status).
    /// </summary>
    public static async ValueTask<bool> EndsBeforeEffectAsync(HttpContext context, FaultSpecification? fault)
    {
        switch (fault?.Action)
        {
            case FaultAction.DropRequest:
                fault.Shows();
                context.Abort();
                return true;
            case FaultAction.HttpStatus:
                fault.Shows();
                context.Response.StatusCode = fault.Status;
                context.Response.ContentType = "text/plain";
                await context.Response.WriteAsync($"{fault.Status}\n", context.RequestAborted);
                return true;
            default:
                return false;
        }
    }

    /// <summary>After the effect: answers a complete body, or drops, delays, cuts or corrupts the answer as planned.</summary>
    public static async Task AnswerAsync(
        HttpContext context, FaultSpecification? fault, TimeProvider clock, int status, string contentType, ReadOnlyMemory<byte> body)
    {
        if (fault?.Action == FaultAction.DropAnswer)
        {
            fault.Shows();
            context.Abort();
            return;
        }

        if (fault?.Action == FaultAction.Stall)
        {
            fault.Shows();
        }

        if (fault?.Action == FaultAction.Stall && !await HoldAsync(fault.Duration, clock, context.RequestAborted))
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        if (fault?.Action == FaultAction.Corrupt)
        {
            var wrong = body.ToArray();
            CorruptedBytes.Turn(fault, 0, wrong);
            body = wrong;
        }

        if (fault?.Action == FaultAction.Truncate && fault.Bytes < body.Length)
        {
            fault.Shows();
            await context.Response.Body.WriteAsync(body[..(int)fault.Bytes], context.RequestAborted);
            // No abort: a reset could overtake the bytes. The server closes the connection because the declared length was not reached.
            await context.Response.Body.FlushAsync(context.RequestAborted);
            return;
        }

        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>Waits by the world's clock; false when the client went away first.</summary>
    public static async Task<bool> HoldAsync(TimeSpan duration, TimeProvider clock, CancellationToken clientGone)
    {
        try
        {
            await Task.Delay(duration, clock, clientGone);
            return true;
        }
        catch (OperationCanceledException) when (clientGone.IsCancellationRequested)
        {
            return false;
        }
    }
}
