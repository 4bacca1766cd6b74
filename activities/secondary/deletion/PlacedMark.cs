using SnapshotWorkflows.Secondary;

namespace SnapshotWorkflows.Activities.SecondarySteps;

/// <summary>A hold's or a tombstone's mark that was put, or that was found in its place.</summary>
/// <param name="IsOwn">This instance put it, now or in an earlier attempt.</param>
/// <param name="By">The instance that put it; null where an older version did.</param>
internal sealed record PlacedMark(bool IsOwn, string? By)
{
    public static async Task<PlacedMark> PutAsync(ISecondaryStore store, string name, StoredMark mark, CancellationToken cancellation)
    {
        if (await store.PutAsync(name, mark.Write(), cancellation) == PutOutcome.Created) return new PlacedMark(IsOwn: true, mark.Instance);
        if (await FindAsync(store, name, cancellation) is not { } placed)
            throw new StepFaultException(new StepFault("snapshot.marking", FaultKind.Busy, $"'{name}' was there and is gone.", "Nothing: another hold or deletion of the snapshot has just ended."));
        return placed with { IsOwn = placed.By is not null && placed.By == mark.Instance };
    }

    /// <returns>Another's, whoever asks; null where there is none.</returns>
    public static async Task<PlacedMark?> FindAsync(ISecondaryStore store, string name, CancellationToken cancellation)
    {
        try
        {
            return new PlacedMark(IsOwn: false, InstanceOf(await store.ReadAllAsync(name, StoredMark.LongestBytes, cancellation), name));
        }
        catch (SecondaryStoreException gone) when (gone.Code == StoreCodes.Missing)
        {
            return null;
        }
    }

    /// <summary>What cannot be read holds all the same; whose it is is not known.</summary>
    private static string? InstanceOf(byte[] json, string name)
    {
        try
        {
            return StoredMark.Read(json, name).Instance;
        }
        catch (StepFaultException)
        {
            return null;
        }
    }

    /// <summary>Another instance that put it and has not ended may take it away at any moment, so nothing is built on it: it is waited for.</summary>
    /// <exception cref="StepFaultException"><c>snapshot.marking</c>, Busy.</exception>
    public async Task RequireAloneAsync(DurableTaskClient client, string name, CancellationToken cancellation)
    {
        if (IsOwn || By is null || await client.GetInstanceAsync(By, cancellation) is not { IsCompleted: false }) return;
        throw new StepFaultException(new StepFault(
            "snapshot.marking", FaultKind.Busy, $"'{name}' was put by instance {By}, which has not ended.", "Nothing: wait until that one has ended.", TimeSpan.FromSeconds(5)));
    }
}
