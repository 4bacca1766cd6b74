namespace SnapshotWorkflows.Activities.CloudStackSteps;

/// <summary>
/// Which volumes a policy means now: those it names, and those that bear its tag, less those whose earlier snapshot by the same policy has not ended. Such a one would only wait behind it, and
/// every occurrence would add another. Makes nothing.
/// </summary>
[DurableTask(StepNames.SelectVolumes)]
public sealed class SelectVolumes(PolicySelection selection, DurableTaskClient client, IActivityExecution execution) : StepActivity<SelectVolumesInput, SelectedVolumes>(execution)
{
    protected override async Task<SelectedVolumes> ExecuteAsync(SelectVolumesInput input, CancellationToken cancellation)
    {
        var (found, missing) = await selection.FindAsync(input.Volumes, cancellation);
        var selected = new SortedSet<string>(found.Select(volume => volume.Id), StringComparer.Ordinal);
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
