namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>SnapshotVolume's second half for each volume, side by side. Every member ends before the group goes on, whatever becomes of the others.</summary>
internal static class CopyMembers
{
    public static async Task<IReadOnlyList<GroupMember>> CopyMembersAsync(this GroupRun run, GroupTaken taken)
    {
        run.Cancellation.ThrowIfWished();
        run.MembersBegun = true;
        var copies = run.Volumes.Select((volume, i) => CopyAsync(run, volume, taken.Taken?[i])).ToList();
        var all = Task.WhenAll(copies);
        var renewing = run.RenewFuseAsync(taken, all);
        if (await Task.WhenAny(all, run.Cancellation.Wish) != all)
        {
            // The members undo what is theirs; the group's own comes after them.
            foreach (var volume in run.Volumes) run.Context.SendEvent(run.Request.MemberOf(volume.Id).Value, Cancellation.EventName, run.Request.Caller);
        }

        var members = await all;
        await renewing;
        if ((run.Request.KeepOnPrimary || run.Request.PrimaryOnly) && taken.Taken is { } memberships && members.Any(member => member.Failure is null)) Keep(run, memberships, members, taken.GroupSnapshotId);
        return members;
    }

    /// <summary>What is kept on the array loses its fuse; of volumes that came to nothing the snapshot goes.</summary>
    private static void Keep(GroupRun run, IReadOnlyList<GroupMembership> memberships, IReadOnlyList<GroupMember> members, long? groupSnapshotId)
    {
        var kept = memberships.Zip(members).Where(one => one.Second.Failure is null).ToList();
        run.Undo.Replace(StepNames.DeleteGroupSnapshot, Steps.KeepGroupSnapshot, new GroupSnapshotInput(run.Request.Key, [.. kept.Select(one => one.First.Volume)], TimeSpan.Zero)
        {
            GroupSnapshotId = groupSnapshotId,
            Members = [.. kept.Select(one => run.Request.MemberOf(one.Second.VolumeId))],
        }, all => run.Unkept = all ? [] : [.. kept.Select(one => (one.Second.VolumeId, one.First))]);
        if (!run.Context.IsAtLeast(WorkflowVersions.Told)) return;
        foreach (var (membership, member) in memberships.Zip(members).Where(one => one.Second.Failure is not null))
            run.Undo.Push(Steps.DeleteStorageSnapshot, new StorageSnapshotInput(run.Request.MemberOf(member.VolumeId), membership.Volume, TimeSpan.Zero) { Group = run.Request.Key });
    }

    /// <summary>Of a group on the array alone a member whose snapshot was gone at the end has come to nothing. The array told that some are: here it is asked for each.</summary>
    /// <returns>The group's failure; null while all are there.</returns>
    public static async Task<StepFault?> FindUnkeptAsync(this GroupRun run)
    {
        if (!run.Request.PrimaryOnly || !run.Context.IsAtLeast(WorkflowVersions.Kept)) return null;
        var lost = new List<string>();
        foreach (var (volumeId, membership) in run.Unkept)
        {
            var kept = new StorageSnapshotInput(run.Request.MemberOf(volumeId), membership.Volume, TimeSpan.Zero) { Group = run.Request.Key, SnapshotId = membership.Snapshot.SnapshotId };
            if (await run.KeepAsync(kept)) continue;
            lost.Add(volumeId);
            var fault = KeepFaults.Gone(volumeId);
            run.Board.Show(status => status with
            {
                Members = new GroupMembers([.. status.Members.Items.Select(member => member.VolumeId != volumeId ? member : member with
                {
                    State = SnapshotState.Error, Failure = fault.Ending(StepNames.KeepGroupSnapshot),
                })]),
            });
        }

        return lost.Count == 0 ? null : SnapshotGroup.MemberFailed(run);
    }

    private static async Task<GroupMember> CopyAsync(GroupRun run, CloudStackVolume volume, GroupMembership? membership)
    {
        var request = run.Request;
        var key = request.MemberOf(volume.Id);
        var input = new SnapshotVolumeInput
        {
            Key = key,
            VolumeId = volume.Id,
            Name = request.Name,
            // Frozen once, by the group; an only volume does it itself.
            Quiesce = request.Quiesce,
            Destination = request.Destination,
            Copy = request.Copy,
            Format = request.Format,
            KeepOnPrimary = request.KeepOnPrimary,
            PrimaryOnly = request.PrimaryOnly,
            Caller = request.Caller,
            Tags = request.Tags,
            CallbackUrl = request.CallbackUrl,
            Policy = request.Policy,
            Member = membership,
            Group = request.Key,
        };
        GroupMember ended;
        try
        {
            var result = await run.Context.CallSubOrchestratorAsync<SnapshotVolumeResult>(nameof(SnapshotVolume), input, new SubOrchestrationOptions(retry: null, instanceId: key.Value));
            ended = request.PrimaryOnly
                ? new GroupMember(volume.Id, key.Uuid, SnapshotState.CreatedOnPrimary, Manifest: null, Failure: null)
                : new GroupMember(volume.Id, key.Uuid, SnapshotState.BackedUp, result.Manifest, Failure: null);
            if (membership is null) run.Board.Show(status => status with { Consistency = result.Consistency });
        }
        catch (TaskFailedException failure)
        {
            var fault = StepFault.From(failure.FailureDetails);
            ended = new GroupMember(volume.Id, key.Uuid, SnapshotState.Error, Manifest: null, fault.Ending(nameof(SnapshotVolume)));
        }

        run.Board.Show(status => status with { Members = new GroupMembers([.. status.Members.Items.Select(member => member.VolumeId == volume.Id ? ended : member)]) });
        return ended;
    }
}
