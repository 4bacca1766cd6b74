namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>
/// Watches the array while the product works, and takes the array's own copy of each new snapshot of the volume as soon as it is there:
/// the measure for everything that comes after.
/// </summary>
internal sealed class ArrayCopies(SimulatorControl control, RunFolder folder, long volumeId, IReadOnlySet<long> known, Screen screen)
{
    private readonly List<(long Id, string Path)> _taken = [];

    /// <summary>How many snapshots of the volume appeared.</summary>
    public int Count => _taken.Count;

    /// <summary>The copy of the snapshot that appeared last: of several, the one that the product went on with.</summary>
    public string Latest => _taken.Count > 0 ? _taken[^1].Path : throw new LabException("No snapshot of the volume ever appeared on the array.");

    public async Task WatchAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var inventory = await control.InventoryAsync(cancellation);
            foreach (var snapshot in inventory.Solidfire.Snapshots.Where(found => found.VolumeId == volumeId && !known.Contains(found.Id) && _taken.All(taken => taken.Id != found.Id)))
            {
                var path = folder.File($"array-snapshot-{snapshot.Id}.lun");
                await control.MaterializeSnapshotAsync(snapshot.Id, path, cancellation);
                _taken.Add((snapshot.Id, path));
                screen.Line($"array holds snapshot {snapshot.Id} {snapshot.Name}; its own copy of it is taken aside");
            }

            await Task.Delay(Wait.Pause, cancellation);
        }
    }
}
