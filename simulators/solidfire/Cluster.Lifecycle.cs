using SnapshotWorkflows.Simulators.SolidFire.Model;

namespace SnapshotWorkflows.Simulators.SolidFire;

internal sealed partial class Cluster
{
    private static readonly TimeSpan CollectionInterval = TimeSpan.FromHours(1);

    /// <summary>Called after each snapshot that a schedule takes; set by the calls that know how.</summary>
    public Action<Schedule>? RunSchedule { get; set; }

    public void RemoveSnapshot(Snapshot snapshot)
    {
        FailJobs(job => job.Bulk?.SnapshotId == snapshot.Id || job.Members.Exists(member => member.Snapshot == snapshot), ApiError.SnapshotUnknown(snapshot.Id));
        Snapshots.Remove(snapshot.Id);
        Discard(snapshot.Device);
        if (snapshot.Group is { } group)
        {
            group.Members.Remove(snapshot);
            if (group.Members.Count == 0)
            {
                GroupSnapshots.Remove(group.Id);
            }
        }
    }

    public void Delete(Volume volume)
    {
        volume.Status = VolumeStatus.Deleted;
        volume.DeleteTime = Now;
        volume.PurgeTime = Now + Options.PurgeAfter;
        EndSessions(session => session.Volume == volume);
        foreach (var group in AccessGroups.Values)
        {
            if (group.Volumes.Remove(volume.Id))
            {
                group.DeletedVolumes.Add(volume.Id);
            }
        }

        FailJobs(job => job.Bulk?.VolumeId == volume.Id, new ApiError("xBulkVolumeScriptFailure", $"Volume {volume.Id} was deleted."));
        foreach (var job in Jobs.Values.Where(job => job.Running && job.Members.Exists(member => member.Source == volume || (job.Kind == AsyncKind.Copy && member.Target == volume))).ToList())
        {
            var snapshot = job.Members.Find(member => member.Source == volume)?.Snapshot;
            Fail(job, snapshot is not null ? ApiError.SnapshotUnknown(snapshot.Id) : ApiError.VolumeUnknown(volume.Id));
        }
    }

    public void Restore(Volume volume)
    {
        volume.Status = VolumeStatus.Active;
        volume.DeleteTime = null;
        volume.PurgeTime = null;
        foreach (var group in AccessGroups.Values.Where(group => group.DeletedVolumes.Remove(volume.Id)))
        {
            group.Volumes.Add(volume.Id);
        }
    }

    public void Purge(Volume volume)
    {
        EndSessions(session => session.Volume == volume);
        foreach (var snapshot in SnapshotsOf(volume).ToList())
        {
            RemoveSnapshot(snapshot);
        }

        foreach (var group in AccessGroups.Values)
        {
            group.Remove(volume.Id);
        }

        Volumes.Remove(volume.Id);
        Discard(volume.Device);
    }

    /// <summary>Ends a job without a result; half-made volumes disappear with it, a copy's target stays as it was.</summary>
    public void Fail(AsyncJob job, ApiError error)
    {
        job.Complete(Now, error);
        foreach (var member in job.Members)
        {
            if (member.Content is not null)
            {
                Discard(member.Content);
                member.Content = null;
            }

            if (job.Kind != AsyncKind.Copy)
            {
                Purge(member.Target);
            }
        }
    }

    /// <summary>Brings retention, purges, jobs, handles, schedules and counts up to the clock's present.</summary>
    public void Step()
    {
        lock (Gate)
        {
            var now = Now;
            if (now < NothingIsDueBefore)
            {
                return;
            }

            if (StepAll(now))
            {
                Save();
            }

            NothingIsDueBefore = NextDue();
        }
    }

    /// <summary>
    /// When the next thing happens by itself, as of the last look; every change asks for another. Steps come every few milliseconds, and a cluster
    /// may have thousands of volumes and jobs.
    /// </summary>
    public DateTimeOffset NothingIsDueBefore { get; set; } = DateTimeOffset.MinValue;

    private DateTimeOffset NextDue()
    {
        var next = LastCollection + CollectionInterval ?? DateTimeOffset.MinValue;
        foreach (var job in Jobs.Values) Sooner(job.Running ? job.Due : job.CompletedAt + Options.HandleLifetime);
        foreach (var snapshot in Snapshots.Values) Sooner(snapshot.ExpirationTime);
        foreach (var volume in Volumes.Values) Sooner(volume.PurgeTime);
        foreach (var schedule in Schedules.Values) Sooner(schedule.Paused ? null : schedule.NextRun);
        return next;

        void Sooner(DateTimeOffset? at)
        {
            if (at < next) next = at.Value;
        }
    }

    private bool StepAll(DateTimeOffset now)
    {
        var changed = false;
        foreach (var job in Jobs.Values.Where(job => job.Running && job.Due <= now).ToList())
        {
            changed = true;
            Finish(job);
        }

        foreach (var snapshot in Snapshots.Values.Where(snapshot => snapshot.ExpirationTime <= now).ToList())
        {
            changed = true;
            RemoveSnapshot(snapshot);
        }

        foreach (var volume in Volumes.Values.Where(volume => volume.PurgeTime <= now).ToList())
        {
            changed = true;
            Purge(volume);
        }

        foreach (var job in Jobs.Values.Where(job => job.CompletedAt + Options.HandleLifetime <= now).ToList())
        {
            changed = true;
            Jobs.Remove(job.Handle);
        }

        foreach (var schedule in Schedules.Values.Where(schedule => !schedule.Paused && schedule.NextRun <= now).ToList())
        {
            changed = true;
            Run(schedule, now);
        }

        if (LastCollection is null || LastCollection + CollectionInterval <= now)
        {
            changed = true;
            Collect(now);
        }

        return changed;
    }

    private void Finish(AsyncJob job)
    {
        foreach (var member in job.Members)
        {
            if (member.Content is { } content)
            {
                // What was written to the target meanwhile is lost, not refused.
                member.Target.Device.Restore(content);
                member.Target.ContentStamp = member.ContentStamp;
                Discard(content);
                member.Content = null;
            }
            else
            {
                member.Target.Status = VolumeStatus.Active;
            }
        }

        job.Complete(job.Due, null);
        if (job.IsClone)
        {
            Record("cloneEvent", $"Clone {job.CloneId} complete", new() { ["cloneID"] = job.CloneId, ["srcVolumeID"] = job.Members[0].Source.Id, ["dstVolumeID"] = job.Members[0].Target.Id });
        }
        else
        {
            Record("bulkOpEvent", "Bulk volume job succeeded", new() { ["bulkVolumeID"] = job.Bulk!.Id, ["volumeID"] = job.Bulk.VolumeId });
        }
    }

    private void Run(Schedule schedule, DateTimeOffset now)
    {
        schedule.LastRun = schedule.NextRun;
        schedule.RunNextInterval = false;
        try
        {
            RunSchedule?.Invoke(schedule);
            schedule.LastRunStatus = "Success";
            schedule.HasError = false;
        }
        catch (ApiError error)
        {
            schedule.LastRunStatus = error.Name;
            schedule.HasError = true;
        }

        // A cluster that was away does not catch up: one run, then the next time from now.
        schedule.NextRun = schedule.Recurring ? schedule.After(now) : null;
        Record("schedulerEvent", $"Schedule {schedule.Name}: {schedule.LastRunStatus}", new() { ["scheduleID"] = schedule.Id });
    }

    private void Collect(DateTimeOffset now)
    {
        LastCollection = now;
        foreach (var volume in Volumes.Values)
        {
            volume.NonZeroBlocks = volume.Device.AllocatedBlocks * (Store.BlockSize / 4096);
        }

        Record("gcEvent", "GC Completed", new() { ["paramGCGeneration"] = (now - DateTimeOffset.UnixEpoch).Ticks / CollectionInterval.Ticks });
    }

    private void FailJobs(Predicate<AsyncJob> which, ApiError error)
    {
        foreach (var job in Jobs.Values.Where(job => job.Running && which(job)).ToList())
        {
            Fail(job, error);
        }
    }
}
