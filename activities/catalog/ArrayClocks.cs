using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.SolidFire;

namespace SnapshotWorkflows.Activities.CatalogSteps;

/// <summary>The arrays' clocks, for a machine whose own may have been set: they date the copies.</summary>
internal static class ArrayClocks
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Null where no array contradicts; one that does not answer says nothing of its clock, and must not keep copies of others from being judged.</summary>
    public static async Task<ClockDoubt?> ContradictAsync(this SolidFireArrays arrays, TimeProvider time, CancellationToken cancellation)
    {
        foreach (var name in arrays.Names)
        {
            if (await TimeOfAsync(arrays, name, time, cancellation) is not { } at) continue;
            var now = time.GetUtcNow();
            if ((at - now).Duration() > ClockWatch.Bound) return new ClockDoubt($"Array {name} says that it is {at:u}, this machine {now:u}.", now + ClockWatch.Steady);
        }

        return null;
    }

    private static async Task<DateTimeOffset?> TimeOfAsync(SolidFireArrays arrays, string name, TimeProvider time, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(s_patience, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            return (await (await arrays.OpenAsync(name, linked.Token)).Client.GetClusterCapacityAsync(linked.Token)).At;
        }
        catch (Exception away) when (away is SolidFireException or SolidFireArraysException || (away is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }
}
