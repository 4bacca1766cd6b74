namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>Runs durable steps: typed, tried again by policy with durable waits, shown on the board, failing only with a coded fault.</summary>
internal sealed class StepRunner(TaskOrchestrationContext context, IStepBoard board, Cancellation cancellation)
{
    /// <summary>A step on the way to the commit point: stops when a person wishes so.</summary>
    /// <exception cref="StepFaultException">The fault after which the policy gave up.</exception>
    public async Task<TOutput> RunAsync<TInput, TOutput>(Step<TInput, TOutput> step, TInput input, StepPolicy policy)
    {
        var patience = Patience.Of(context, policy);
        for (var attempt = 1; ; attempt++)
        {
            patience.Begin(context.CurrentUtcDateTime);
            cancellation.ThrowIfWished();
            board.At(step.Name);
            var fault = default(StepFault);
            try
            {
                return await context.CallActivityAsync<TOutput>(step.Name, input, Cancellation.Cancellable);
            }
            catch (TaskFailedException failure)
            {
                fault = StepFault.From(failure.FailureDetails);
            }

            if (!policy.Retries(fault, patience.Failed(context.CurrentUtcDateTime))) throw new StepFaultException(fault);
            board.Waiting(fault.Waiting(step.Name, attempt));
            await cancellation.WaitAsync(policy.DelayAfter(attempt, fault));
        }
    }

    /// <summary>A step whose answer is needed and that a wish to cancel must not stop: a thaw, the commit point.</summary>
    /// <exception cref="StepFaultException">The fault after which the policy gave up.</exception>
    public Task<TOutput> RunUncancelledAsync<TInput, TOutput>(Step<TInput, TOutput> step, TInput input, StepPolicy policy)
    {
        board.At(step.Name);
        return PersistAsync(step, input, policy, board.Waiting);
    }

    /// <summary>A step of undo or clean-up: never cancelled, never given up; <paramref name="stuck"/> shows what keeps failing.</summary>
    public async Task<TOutput> FinishAsync<TInput, TOutput>(Step<TInput, TOutput> step, TInput input, Action<StepNotice?> stuck)
    {
        var output = await PersistAsync(step, input, StepPolicy.UntilDone, stuck);
        stuck(null);
        return output;
    }

    private async Task<TOutput> PersistAsync<TInput, TOutput>(Step<TInput, TOutput> step, TInput input, StepPolicy policy, Action<StepNotice> failed)
    {
        var patience = Patience.Of(context, policy);
        for (var attempt = 1; ; attempt++)
        {
            patience.Begin(context.CurrentUtcDateTime);
            var fault = default(StepFault);
            try
            {
                return await context.CallActivityAsync<TOutput>(step.Name, input);
            }
            catch (TaskFailedException failure)
            {
                fault = StepFault.From(failure.FailureDetails);
            }

            if (!policy.Retries(fault, patience.Failed(context.CurrentUtcDateTime))) throw new StepFaultException(fault);
            failed(fault.Waiting(step.Name, attempt));
            await context.CreateTimer(policy.DelayAfter(attempt, fault), CancellationToken.None);
        }
    }
}
