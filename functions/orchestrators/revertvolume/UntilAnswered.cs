namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// Asks for the one thing that a revert does, until it is known what came of it. Right before each try everything is proven anew. While nothing was asked for a wish to cancel is heeded and half an hour is enough;
/// once a call has taken effect, or its job is known, there is no way but forward, under the same proofs.
/// </summary>
internal static class UntilAnswered
{
    /// <param name="prove">Asks that nobody uses the volume; told whether it goes forward only.</param>
    /// <param name="settle">Waits until what was sent cannot come any more.</param>
    /// <exception cref="StepFaultException">The fault after which no other try is made. What it has sent is settled.</exception>
    public static async Task<TDone> DoUntilAnsweredAsync<TInput, TDone>(
        this RevertRun run, Step<TInput, TDone> ask, TInput input, Func<bool, Task> prove, Func<Task<Settlement<TDone>>> settle) where TDone : class
    {
        var (policy, patience) = (StepPolicy.Work, Patience.Of(run.Context, StepPolicy.Work));
        var forward = false;
        for (var attempt = 1; ; attempt++)
        {
            await prove(forward);
            if (!forward) run.Cancellation.ThrowIfWished();
            run.Board.Show(status => status with { Asked = true });
            patience.Begin(run.Context.CurrentUtcDateTime);
            StepFault fault;
            try
            {
                return await run.DoUncancelledAsync(ask, input, StepPolicy.Once);
            }
            catch (StepFaultException failure)
            {
                fault = failure.Fault;
            }

            var settled = await settle();
            if (settled.Done is { } done) return done;
            forward = settled.Forward;
            run.Board.Show(status => status with { Asked = forward });
            var failing = patience.Failed(run.Context.CurrentUtcDateTime);
            if (forward ? !fault.IsRetryable : !policy.Retries(fault, failing)) throw new StepFaultException(fault);
            run.Board.Waiting(fault.Waiting(ask.Name, attempt));
            var delay = policy.DelayAfter(attempt, fault);
            if (forward) await run.Context.CreateTimer(delay, CancellationToken.None);
            else await run.Cancellation.WaitAsync(delay);
        }
    }

    /// <summary>A look that a wish to cancel ends, or none once it goes forward only.</summary>
    public static Task<TOutput> LookAsync<TInput, TOutput>(this RevertRun run, Step<TInput, TOutput> step, TInput input, bool forward) =>
        forward ? run.DoUncancelledAsync(step, input, StepPolicy.Commit) : run.DoAsync(step, input, run.Looking);
}

/// <summary>How it stands when nothing of what was sent can come any more.</summary>
/// <param name="Done">It is done, or under way and found.</param>
/// <param name="Forward">A call took effect, and was not answered.</param>
internal sealed record Settlement<TDone>(TDone? Done, bool Forward) where TDone : class;
