using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Data under our prefix that has neither manifest nor tombstone: no backup, and no deletion on its way. Whose it is only the ledger can tell. Makes nothing.</summary>
[DurableTask(StepNames.FindMarkedOnStore)]
public sealed class FindMarkedOnStore(SnapshotIndex index, SecondaryDestinations destinations, IActivityExecution execution) : StepActivity<ScopeInput, MarkedThings>(execution)
{
    protected override async Task<MarkedThings> ExecuteAsync(ScopeInput input, CancellationToken cancellation)
    {
        var data = new Dictionary<SnapshotAddress, DateTimeOffset>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var found in destinations.Get(input.Name).Store.ListAsync(SnapshotLocations.Prefix, cancellation))
        {
            if (SnapshotLocations.TryParseData(found.Name, out var address)) data[address] = data.TryGetValue(address, out var at) && at > found.ModifiedAt ? at : found.ModifiedAt;
            else known.Add(found.Name);
        }

        var forgotten = known.Where(name => SnapshotLocations.IsTombstone(name) && IsForgotten(name)).Order(StringComparer.Ordinal).Select(name => new MarkedThing(
            "secondary", input.Name, Roles.Tombstone, KeyOf(name), name, name, Installation: null, MadeAt: null)
        {
            Stays = "A deletion of this snapshot began and did not end, and the catalog does not know of it: `catalog rebuild` takes it up again.",
        });
        return new MarkedThings([.. forgotten, .. data
            .Where(one => !known.Contains(SnapshotLocations.Manifest(one.Key)) && !known.Contains(SnapshotLocations.Tombstone(one.Key)))
            .OrderBy(one => one.Key.SnapshotUuid, StringComparer.Ordinal)
            .Select(one => Thing(input.Name, SnapshotLocations.DataFolder(one.Key), one.Key.SnapshotUuid, one.Value))]);
    }

    /// <summary>What the catalog knows to be Destroying is taken up by itself.</summary>
    private bool IsForgotten(string tombstone) => KeyOf(tombstone) is not { } key || index.Find(key)?.Status.State is not (SnapshotState.Destroying or SnapshotState.Destroyed);

    private static RequestKey? KeyOf(string name) => RequestKey.TryParse(Path.GetFileName(name).Split('.')[0], out var key) ? key : null;

    private static MarkedThing Thing(string destination, string folder, string snapshot, DateTimeOffset modifiedAt) =>
        new("secondary", destination, Roles.Folder, RequestKey.TryParse(snapshot, out var key) ? key : null, folder, folder, Installation: null, modifiedAt);
}
