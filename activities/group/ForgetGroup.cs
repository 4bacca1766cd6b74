using System.Text.Json;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;

namespace SnapshotWorkflows.Activities.GroupSteps;

/// <summary>Deletes the group's own manifest once the store shows no manifest of any member: then there is nothing left that it could tell about. While a member is there it stays.</summary>
[DurableTask(StepNames.ForgetGroup)]
public sealed class ForgetGroup(SecondaryDestinations destinations, IntentLedger intents, IActivityExecution execution) : StepActivity<StoredCopy, bool>(execution)
{
    protected override async Task<bool> ExecuteAsync(StoredCopy input, CancellationToken cancellation)
    {
        if (input.Group is not { } group) return false;
        var store = destinations.Get(input.Destination).Store;
        var name = PublishGroup.NameOf(SnapshotLocations.AddressOf(input.Manifest).Zone, group);
        if (await store.FindAsync(name, cancellation) is null) return false;
        var manifest = JsonSerializer.Deserialize(await store.ReadAllAsync(name, PublishGroup.LongestBytes, cancellation), GroupManifestJson.Default.GroupManifest);
        foreach (var member in manifest?.Members ?? [])
        {
            if (member.Manifest is { } own && await store.FindAsync(own, cancellation) is not null) return false;
        }

        await store.DeleteAsync(name, cancellation);
        intents.Gone(group, Roles.GroupManifest);
        return true;
    }
}
