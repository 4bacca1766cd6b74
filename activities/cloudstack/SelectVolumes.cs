using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.CloudStackSteps;

/// <summary>Which volumes a policy means now: those it names, and those that bear its tag. Makes nothing.</summary>
[DurableTask(StepNames.SelectVolumes)]
public sealed class SelectVolumes(CloudStackClient cloudStack, IActivityExecution execution) : StepActivity<SelectVolumesInput, SelectedVolumes>(execution)
{
    protected override async Task<SelectedVolumes> ExecuteAsync(SelectVolumesInput input, CancellationToken cancellation)
    {
        var selected = new SortedSet<string>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var id in input.Volumes.Ids)
        {
            if (await cloudStack.FindVolumeAsync(id, cancellation) is null) missing.Add(id);
            else selected.Add(id);
        }

        if (input.Volumes.Tag is { } tag)
        {
            foreach (var volume in await cloudStack.ListVolumesAsync(cancellation))
            {
                if (volume.Tags.Any(one => one.Key == tag.Key && (tag.Value is null || one.Value == tag.Value))) selected.Add(volume.Id);
            }
        }

        return new SelectedVolumes([.. selected], missing);
    }
}
