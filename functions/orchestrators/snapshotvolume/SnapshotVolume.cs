namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>
/// One volume's snapshot, from the array to a verified copy on secondary storage.
/// <para>
/// Admit (look, refuse, wait for the volume) · Freeze, CreateStorageSnapshot, Thaw · StartClone, CheckClone, GrantAccess, ResignSr, IntroduceSr, FindVdi ·
/// PrepareFolder, EnsureDestinationSr, CreateDestinationVdi, CopyVdi · HashSource, VerifyCopy (or, streamed: CopyStream · VerifyCopy) · PublishManifest, the commit point.
/// Before it any failure, and a wish to cancel, unwinds what was made, last first. After it the same stack, less what the snapshot keeps, is the
/// clean-up: it is retried and shown, and no longer fails the snapshot.
/// </para>
/// </summary>
[DurableTask(nameof(SnapshotVolume))]
public sealed class SnapshotVolume : TaskOrchestrator<SnapshotVolumeInput, SnapshotVolumeResult>
{
    public override async Task<SnapshotVolumeResult> RunAsync(TaskOrchestrationContext context, SnapshotVolumeInput input)
    {
        // Of an instance that was started by hand under another id nothing is told anywhere: row and things are those of the key's own instance.
        if (input is null || input.Key.Value != context.InstanceId) throw new StepFaultException(KeyFaults.Foreign(context.InstanceId, input?.Key.Value ?? "none"));
        var run = new SnapshotRun(context, input);
        SnapshotVolumeResult result;
        try
        {
            result = input.PrimaryOnly ? await OnPrimaryAsync(run) : await MakeAsync(run);
        }
        catch (Exception failure)
        {
            // Whatever ended it, a defect of ours included: what was made does not stay behind.
            var fault = failure is StepFaultException known ? known.Fault : Faults.Defect(failure);
            if (fault.Code == KeyFaults.UsedCode)
            {
                // Found before anything was made. The row is that of the snapshot which is there, and stays so.
                await run.UnwindAsync();
                throw;
            }

            await AbandonAsync(run, fault);
            throw new StepFaultException(fault, failure);
        }

        await run.UnwindAsync();
        if (run.Request.PrimaryOnly && run.Primary is null && context.IsAtLeast(WorkflowVersions.Kept))
        {
            var gone = KeepFaults.Gone(input.VolumeId);
            await AbandonAsync(run, gone);
            throw new StepFaultException(gone);
        }

        await run.TagAsync(fault: null);
        run.Board.Show(status => status with { Step = null, Waiting = null, Cleanup = new CleanupStatus(Done: true, Stuck: null), Ended = true });
        await run.ProjectAsync();
        await run.ReportAsync();
        return result;
    }

    /// <summary>The array's snapshot alone. Its fuse comes off at the end: from when on that is decided it is no longer undone.</summary>
    private static async Task<SnapshotVolumeResult> OnPrimaryAsync(SnapshotRun run)
    {
        var plan = await run.AdmitPrimaryAsync();
        var snapshot = run.Request.Member is { } member ? run.Taken(plan.Array.Volume, member) : await run.TakeOwnAsync(plan.Volume, plan.Disk, plan.Array.Volume);
        run.Cancellation.ThrowIfWished();
        run.Primary = plan.Array.Volume;
        Keep(run, plan.Array.Volume, snapshot);
        return new SnapshotVolumeResult(run.Request.Key.Uuid, Destination: "", Manifest: "", Location: "", Root: "", plan.Disk.VirtualSizeBytes, run.Board.Status.Consistency!);
    }

    private static async Task<SnapshotVolumeResult> MakeAsync(SnapshotRun run)
    {
        var plan = await run.AdmitAsync();
        var taken = await run.TakeSnapshotAsync(plan);
        var snapshot = taken.Snapshot;
        var source = await run.AttachCloneAsync(plan, taken);
        var copy = await run.CopyAsync(plan, snapshot, source);
        var content = await run.VerifyAsync(plan, source, copy);
        var status = run.Board.Status;

        // From here a wish to cancel comes too late: the manifest may exist as soon as its step began.
        run.Cancellation.ThrowIfWished();
        var manifest = await run.DoUncancelledAsync(Steps.PublishManifest, new PublishManifestInput
        {
            Request = run.Request with { Name = run.Name },
            Volume = plan.Volume,
            Array = plan.Array,
            Snapshot = snapshot,
            Host = plan.Host,
            Destination = plan.Destination,
            Location = copy.Location,
            Content = content,
            Consistency = status.Consistency!,
            FrozenMs = status.FrozenMs,
            CopyStartedAt = Times.Utc(copy.BeganAt),
            CopyEndedAt = Times.Utc(copy.EndedAt),
            VerifiedAt = status.Verified!.At,
        }, StepPolicy.Commit);

        // The commit point is behind us: the data stays, and so does the array's snapshot where the request keeps it.
        run.Undo.Keep(StepNames.DestroyDestinationVdi);
        run.Undo.Keep(StepNames.RemoveFolder);
        run.Undo.Keep(StepNames.DiscardStream);
        if (run.Request.KeepOnPrimary)
        {
            run.Primary = plan.Array.Volume;
            Keep(run, plan.Array.Volume, snapshot);
        }

        run.Board.Show(now => now with { State = SnapshotState.BackedUp, Manifest = manifest.Name, Location = copy.Location, StoredBytes = content.StoredBytes, OccupiedBytes = content.OccupiedBytes });
        await run.ProjectAsync();
        return new SnapshotVolumeResult(run.Request.Key.Uuid, plan.Destination.Destination, manifest.Name, copy.Location, content.Root, content.DiskBytes, status.Consistency!);
    }

    /// <summary>
    /// The array's snapshot stays, where there is one to take away. One that is found gone is not said to be there; on the array alone that is an error from <see cref="WorkflowVersions.Kept"/> on, and before it the snapshot
    /// keeps its place: by that, it can be deleted.
    /// </summary>
    private static void Keep(SnapshotRun run, ArrayVolume volume, StorageSnapshot snapshot) => run.Undo.Replace(
        StepNames.DeleteStorageSnapshot, Steps.KeepStorageSnapshot, new StorageSnapshotInput(run.Request.Key, volume, TimeSpan.Zero) { SnapshotId = snapshot.SnapshotId },
        kept => run.Primary = kept || (run.Request.PrimaryOnly && !run.Context.IsAtLeast(WorkflowVersions.Kept)) ? run.Primary : null);

    private static async Task AbandonAsync(SnapshotRun run, StepFault fault)
    {
        run.Board.Show(status => status with
        {
            State = SnapshotState.Error,
            Failure = fault.Ending(status.Step ?? ""),
            Waiting = null,
            Verified = null,
            Root = null,
        });
        await run.UnwindAsync();
        await run.TagAsync(fault);
        run.Board.Show(status => status with { Step = null, Waiting = null, Cleanup = new CleanupStatus(Done: true, Stuck: null), Ended = true });
        await run.ProjectAsync();
        await run.ReportAsync();
    }
}
