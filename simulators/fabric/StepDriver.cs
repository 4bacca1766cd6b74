namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// The one driver of a world: in the program a loop steps everything every few milliseconds, in a crash test the test calls
/// <see cref="Step"/> itself after it moved its clock.
/// </summary>
public sealed class StepDriver(TimeProvider clock) : ISteppable
{
    private readonly Lock gate = new();
    private ISteppable[] members = [];

    public void Add(ISteppable member)
    {
        lock (gate)
        {
            members = [.. members, member];
        }
    }

    /// <inheritdoc />
    public void Step()
    {
        foreach (var member in Volatile.Read(ref members))
        {
            member.Step();
        }
    }

    /// <summary>Steps until told to stop; an exception of a member ends the loop and reaches the caller.</summary>
    public async Task RunAsync(TimeSpan interval, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                Step();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The world is being shut down.
        }
    }
}
