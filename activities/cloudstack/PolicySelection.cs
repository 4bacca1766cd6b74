using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.CloudStackSteps;

/// <summary>The volumes that a policy means now: those that it names, and those that bear its tag. Makes nothing.</summary>
public sealed class PolicySelection(CloudStackClient cloudStack)
{
    /// <returns>Each volume once, by id; and the named ones that CloudStack does not know.</returns>
    public async Task<(IReadOnlyList<CloudStack.CloudStackVolume> Volumes, IReadOnlyList<string> Missing)> FindAsync(PolicyVolumes wanted, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var selected = new SortedDictionary<string, CloudStack.CloudStackVolume>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var id in wanted.Ids)
        {
            if (await cloudStack.FindVolumeAsync(id, cancellation) is { } volume) selected[id] = volume;
            else missing.Add(id);
        }

        if (wanted.Tag is { } tag)
        {
            foreach (var volume in await cloudStack.ListVolumesAsync(cancellation))
            {
                if (volume.Tags.Any(one => one.Key == tag.Key && (tag.Value is null || one.Value == tag.Value))) selected[volume.Id] = volume;
            }
        }

        return ([.. selected.Values], missing);
    }
}
