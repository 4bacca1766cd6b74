namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The copy into secondary storage, by the hypervisor (offload) or through this service (stream), and the proof that it holds what the snapshot holds.</summary>
internal static class CopyAndVerify
{
    public static Task<SnapshotCopy> CopyAsync(this SnapshotRun run, SnapshotPlan plan, StorageSnapshot snapshot, VdiReceipt source) =>
        plan.Destination.Copy == CopyMethods.Stream ? StreamAsync(run, plan, snapshot, source) : OffloadAsync(run, plan, source);

    private static async Task<SnapshotCopy> StreamAsync(SnapshotRun run, SnapshotPlan plan, StorageSnapshot snapshot, VdiReceipt source)
    {
        var destination = plan.Destination;
        var target = new StreamTarget(run.Request.Key, destination.Destination, destination.Folder, destination.Location!, destination.Format ?? DataFormats.Vhd);
        run.Undo.Push(Steps.DiscardStream, target);
        run.Board.Show(status => status with { State = SnapshotState.BackingUp });
        var beganAt = run.Context.CurrentUtcDateTime;
        var copy = await run.DoAsync(Steps.CopyStream, new CopyStreamInput(target, plan.Host.Pool, source.VdiUuid, source.VirtualSizeBytes, snapshot.CreatedAt));
        // The root was taken as the bytes were read from the clone, so they need not be read a second time to know what the copy must hold.
        return new SnapshotCopy(copy.Location, copy.Content, beganAt, run.Context.CurrentUtcDateTime);
    }

    private static async Task<SnapshotCopy> OffloadAsync(SnapshotRun run, SnapshotPlan plan, VdiReceipt source)
    {
        var key = run.Request.Key;
        var destination = plan.Destination;
        var srUuid = DestinationSrUuid(destination);
        run.Undo.Push(Steps.RemoveFolder, destination.Where);
        await run.DoAsync(Steps.PrepareFolder, destination.Where);
        run.Undo.Push(Steps.ForgetDestinationSr, new OwnedSrInput(key, plan.Host.Pool, key.NameFor("dst")));
        await run.DoAsync(
            Steps.EnsureDestinationSr,
            new DestinationSrInput(key, plan.Host.Pool, plan.Host.HostUuid, srUuid, destination.Server, destination.Export, destination.Folder));

        run.Board.Show(status => status with { State = SnapshotState.BackingUp });
        var owned = new OwnedVdiInput(key, plan.Host.Pool, srUuid) { Unpublished = destination.Where };
        run.Undo.Push(Steps.DestroyDestinationVdi, owned);
        var anew = run.Anew();
        for (var attempt = 1; ; attempt++)
        {
            var beganAt = run.Context.CurrentUtcDateTime;
            var vdi = await run.DoAsync(Steps.CreateDestinationVdi, new DestinationVdiInput(key, plan.Host.Pool, srUuid, source.VirtualSizeBytes, attempt));
            try
            {
                var copy = await run.DoAsync(Steps.CopyVdi, new CopyVdiInput(key, plan.Host.Pool, source.VdiUuid, vdi.VdiUuid, srUuid, source.VirtualSizeBytes));
                return new SnapshotCopy($"{destination.Folder}/{copy.VdiUuid}.vhd", Seen: null, beganAt, run.Context.CurrentUtcDateTime);
            }
            catch (StepFaultException failure) when (failure.Fault.Code is FaultCodes.CopyOutcomeUnknown && anew.IsWorth())
            {
                // A VDI that may hold part of a copy is never copied into again: sparse copying trusts that it is all zeros.
                await run.DoAsync(Steps.DestroyDestinationVdi, owned);
                await anew.WaitAsync();
            }
        }
    }

    public static async Task<ContentReceipt> VerifyAsync(this SnapshotRun run, SnapshotPlan plan, VdiReceipt source, SnapshotCopy copy)
    {
        var seen = copy.Seen ?? await run.DoAsync(Steps.HashSource, new HashSourceInput(run.Request.Key, plan.Host.Pool, source.VdiUuid, source.VirtualSizeBytes));
        var content = await run.DoAsync(Steps.VerifyCopy, new VerifyCopyInput(run.Request.Key, plan.Destination.Destination, copy.Location, seen) { Format = plan.Destination.Format });
        run.Board.Show(status => status with
        {
            Verified = new VerifiedMark("full", new DateTimeOffset(DateTime.SpecifyKind(run.Context.CurrentUtcDateTime, DateTimeKind.Utc))),
            Root = content.Root,
            DiskBytes = content.DiskBytes,
        });
        return content;
    }

    /// <summary>Derived from the folder, so that every attempt, also after a lost answer, means the same SR.</summary>
    private static string DestinationSrUuid(DestinationPlan destination) =>
        NameUuid.From($"{destination.Server}:{destination.Export}/{destination.Folder}").ToString("D");
}

/// <summary>A copy that was made and is not proven yet.</summary>
/// <param name="Location">Name of the data.</param>
/// <param name="Seen">What the one who copied read from the clone; null where nobody of ours read it.</param>
internal sealed record SnapshotCopy(string Location, ContentReceipt? Seen, DateTime BeganAt, DateTime EndedAt);
