using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.CloudStackSteps;

/// <summary>The volumes that a policy means now: those that it names, and those that bear its tag. Makes nothing.</summary>
public sealed class PolicySelection(CloudStackClient cloudStack)
{
    /// <summary>Up to so many named volumes are asked for one by one; for more, all are listed once.</summary>
    private const int OneByOne = 20;

    /// <returns>Each volume once, by id; and the named ones that CloudStack does not know.</returns>
    public async Task<(IReadOnlyList<CloudStack.CloudStackVolume> Volumes, IReadOnlyList<string> Missing)> FindAsync(PolicyVolumes wanted, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var listed = wanted.Tag is not null || wanted.Ids.Count > OneByOne ? await cloudStack.ListVolumesAsync(cancellation) : [];
        var known = listed.ToLookup(volume => volume.Id, StringComparer.OrdinalIgnoreCase);
        var selected = new SortedDictionary<string, CloudStack.CloudStackVolume>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var id in wanted.Ids)
        {
            // Pages shift while volumes come and go: what the listing lacks is asked for before it is called missing.
            if ((known[id].FirstOrDefault() ?? await cloudStack.FindVolumeAsync(id, cancellation)) is { } volume) selected[volume.Id] = volume;
            else missing.Add(id);
        }

        if (wanted.Tag is { } tag)
        {
            foreach (var volume in listed.Where(volume => volume.Tags.Any(one => one.Key == tag.Key && (tag.Value is null || one.Value == tag.Value)))) selected[volume.Id] = volume;
        }

        return ([.. selected.Values], missing);
    }
}
