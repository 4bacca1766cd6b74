namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>
/// What a request left behind, told by the simulators and the store's folder, never by the product: everything that was not there before
/// it and that it does not keep. A deleted volume that the array still holds for its eight hours counts as gone; the ledger's own backup belongs to no request.
/// </summary>
internal static class Leftovers
{
    public static IEnumerable<string> Find(Inventory before, Inventory after, IReadOnlyList<string> stored, IReadOnlySet<string> kept) =>
        [.. OnTheArray(before.Solidfire, after.Solidfire), .. after.SecondSolidfire is { } second ? OnTheArray(before.SecondSolidfire!, second) : [], .. before.Pools.Zip(after.Pools, InThePool).SelectMany(found => found), .. Frozen(after), .. InTheStore(stored, kept)];

    private static IEnumerable<string> OnTheArray(ArrayInventory before, ArrayInventory after)
    {
        var volumes = before.Volumes.ToDictionary(volume => volume.Id);
        foreach (var volume in after.Volumes.Where(volume => volume.Status != "deleted"))
        {
            if (!volumes.TryGetValue(volume.Id, out var was)) yield return $"volume {volume.Id} {volume.Name} ({volume.Status}) on the array";
            foreach (var group in volume.AccessGroups.Except(was?.AccessGroups ?? [])) yield return $"volume {volume.Id} {volume.Name} in access group {group}";
        }

        foreach (var snapshot in after.Snapshots.ExceptBy(before.Snapshots.Select(known => known.Id), snapshot => snapshot.Id))
            yield return $"snapshot {snapshot.Id} {snapshot.Name} of volume {snapshot.VolumeId} on the array";
    }

    private static IEnumerable<string> InThePool(PoolInventory before, PoolInventory after)
    {
        foreach (var sr in after.Srs.ExceptBy(before.Srs.Select(known => known.Uuid), sr => sr.Uuid)) yield return $"SR {sr.Uuid} {sr.Label} ({sr.Type}) in pool {after.Name}";
        foreach (var line in New("PBD", before.Pbds, after.Pbds).Concat(New("VDI", before.Vdis, after.Vdis)).Concat(New("VBD", before.Vbds, after.Vbds)))
            yield return $"{line} in pool {after.Name}";
        foreach (var task in after.Tasks.Where(task => task.Status is "pending" or "cancelling")) yield return $"task {task.Uuid} {task.Name} ({task.Status}) in pool {after.Name}";
    }

    private static IEnumerable<string> New(string kind, IReadOnlyList<PoolObject> before, IReadOnlyList<PoolObject> after) =>
        after.ExceptBy(before.Select(known => known.Uuid), found => found.Uuid).Select(found => $"{kind} {found.Uuid} {found.Label}");

    private static IEnumerable<string> Frozen(Inventory after)
    {
        foreach (var pool in after.Pools)
        {
            foreach (var vm in pool.FrozenVms) yield return $"VM {vm} is still frozen in pool {pool.Name}";
        }

        if (after.Hook.Frozen) yield return "the guest's agent still holds its file systems frozen";
    }

    private static IEnumerable<string> InTheStore(IReadOnlyList<string> stored, IReadOnlySet<string> kept) =>
        stored.Where(name => !kept.Contains(name) && !name.StartsWith("swf-ledger/", StringComparison.Ordinal)).Select(name => $"{name} in the store");
}
