namespace SnapshotWorkflows.Activities;

/// <summary>
/// An activity of ours: one client or store, at most one effect that is not idempotent, found by name before it is made.
/// What a client or store throws becomes a coded fault here, once.
/// </summary>
public abstract class StepActivity<TInput, TOutput>(IActivityExecution execution) : TaskActivity<TInput, TOutput>
{
    protected IActivityExecution Execution { get; } = execution;

    public sealed override async Task<TOutput> RunAsync(TaskActivityContext context, TInput input)
    {
        try
        {
            return await ExecuteAsync(input, Execution.CancellationToken);
        }
        catch (Exception failure) when (FaultMap.Find(failure) is { } fault)
        {
            throw new StepFaultException(fault, failure);
        }
    }

    protected abstract Task<TOutput> ExecuteAsync(TInput input, CancellationToken cancellation);
}
