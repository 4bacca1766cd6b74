using SnapshotWorkflows.CloudStack;

namespace SnapshotWorkflows.Activities.CloudStackSteps;

/// <summary>
/// Which volumes a policy means now: those it names, and those that bear its tag, less those whose earlier snapshot by the same policy has not ended. Such a one would only wait behind it, and
/// every occurrence would add another. Makes nothing.
/// </summary>
[DurableTask(StepNames.SelectVolumes)]
public sealed class SelectVolumes(CloudStackClient cloudStack, DurableTaskClient client, IActivityExecution execution) : StepActivity<SelectVolumesInput, SelectedVolumes>(execution)
{
    /// <summary>Up to so many volumes that a policy names are asked for one by one; for more all are listed, a page of hundreds a call, so that the step ends within seconds.</summary>
    private const int OneByOne = 10;

    protected override async Task<SelectedVolumes> ExecuteAsync(SelectVolumesInput input, CancellationToken cancellation)
    {
<<<<<<< HEAD
        var (found, missing) = await new PolicySelection(cloudStack).FindAsync(input.Volumes, cancellation);
        var selected = new SortedSet<string>(found.Select(volume => volume.Id), StringComparer.Ordinal);
=======
        var selected = new SortedSet<string>(StringComparer.Ordinal);
        var missing = new List<string>();
        var all = input.Volumes.Tag is not null || input.Volumes.Ids.Count > OneByOne ? await cloudStack.ListVolumesAsync(cancellation) : [];
        var listed = all.Select(volume => volume.Id).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var id in input.Volumes.Ids)
        {
            // Only CloudStack's own answer about this volume says that it is gone: one may be on no page because another left it meanwhile.
            if (listed.Contains(id) || await cloudStack.FindVolumeAsync(id, cancellation) is not null) selected.Add(id);
            else missing.Add(id);
        }

        if (input.Volumes.Tag is { } tag)
        {
            foreach (var volume in all)
            {
                if (volume.Tags.Any(one => one.Key == tag.Key && (tag.Value is null || one.Value == tag.Value))) selected.Add(volume.Id);
            }
        }

>>>>>>> 29f51da (A policy over many volumes lists CloudStack's volumes once; simulated copies move their bytes beside the pool)
        var busy = input.Policy is { } policy ? await BusyAsync(policy, selected, cancellation) : [];
        selected.ExceptWith(busy.Select(one => one.VolumeId));
        return new SelectedVolumes([.. selected], missing) { Busy = busy };
    }

    private async Task<List<BusyVolume>> BusyAsync(string policy, SortedSet<string> selected, CancellationToken cancellation)
    {
        var busy = new List<BusyVolume>();
        if ((await client.Entities.GetEntityAsync<AdmissionState>(AdmissionEntity.Id, cancellation))?.State is not { } state) return busy;
        var jobs = state.Granted.Select(grant => grant.Request).Concat(state.Waiting.Select(wish => wish.Request)).ToLookup(request => request.Instance, StringComparer.Ordinal);
        foreach (var job in jobs)
        {
            var slots = job.SelectMany(request => request.Slots).ToHashSet(StringComparer.Ordinal);
            if (selected.FirstOrDefault(volume => slots.Contains(AdmissionSlots.Volume(volume))) is not { } volumeId) continue;
            if (await client.GetInstanceAsync(job.Key, getInputsAndOutputs: true, cancellation) is not { IsCompleted: false, Name: "SnapshotVolume" } instance) continue;

            // What a person, or CloudStack, wants of the volume besides is waited for in the queue.
            if (instance.ReadInputAs<SnapshotVolumeInput>() is not { AdoptSnapshotId: null } input || input.Policy != policy) continue;
            var status = instance.ReadCustomStatusAs<SnapshotStatus>();
            var notice = status?.Cleanup.Stuck ?? status?.Waiting;
            busy.Add(new BusyVolume(volumeId, input.Key.Uuid, notice is null ? $"it is {status?.State.ToString() ?? "about to begin"}." : $"{notice.Code}: {notice.Message}"));
        }

        return busy;
    }
}
