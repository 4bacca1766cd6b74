using Microsoft.Extensions.DependencyInjection;
using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Tests.Crash.World;

/// <summary>Steps that are run by hand, outside of any instance, on the product's own services.</summary>
internal static class StepRun
{
    public static T Step<T>(this Life life, CancellationToken? wish = null) => ActivatorUtilities.CreateInstance<T>(life.Get<IServiceProvider>(), new NoExecution(wish: wish));

    /// <summary>What a step refuses with: coded, and with something that a person can do.</summary>
    public static async Task<StepFault> RefusalAsync(Func<Task> step)
    {
        var fault = (await Assert.ThrowsAsync<StepFaultException>(step)).Fault;
        Assert.False(string.IsNullOrWhiteSpace(fault.Remedy), $"{fault.Code} has no remedy");
        return fault;
    }
}
