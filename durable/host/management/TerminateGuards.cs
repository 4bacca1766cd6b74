using SnapshotWorkflows.Durable.Client;

namespace SnapshotWorkflows.Durable.Host.Management;

/// <summary>The app's guards, asked in order wherever a request would end a live instance from outside.</summary>
internal sealed class TerminateGuards(IEnumerable<ITerminateGuard> guards)
{
    /// <returns>True when a guard has seen to the end itself: nothing else is to be done.</returns>
    /// <exception cref="Http.HostProblemException">A guard refuses: 409 with its code.</exception>
    public async Task<bool> AskAsync(OrchestrationMetadata instance, TerminateRequest request, CancellationToken cancellation)
    {
        foreach (var guard in guards)
        {
            var decision = await guard.DecideAsync(instance, request, cancellation);
            if (decision.RefusalCode is { } code)
            {
                throw InstanceAnswers.Conflict(code, decision.Detail, decision.Remedy);
            }

            if (decision.IsHandled)
            {
                return true;
            }
        }

        return false;
    }
}
