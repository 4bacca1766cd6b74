namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>The copy into secondary storage by the hypervisor (offload), and the proof that it holds what the snapshot holds.</summary>
internal static class CopyAndVerify
{
    private const int CopyTries = 3;

    public static async Task<(CopyReceipt Copy, string Location, DateTime BeganAt, DateTime EndedAt)> CopyAsync(this SnapshotRun run, SnapshotPlan plan, VdiReceipt source)
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
        var owned = new OwnedVdiInput(key, plan.Host.Pool, srUuid);
        run.Undo.Push(Steps.DestroyDestinationVdi, owned);
        for (var attempt = 1; ; attempt++)
        {
            var beganAt = run.Context.CurrentUtcDateTime;
            var vdi = await run.DoAsync(Steps.CreateDestinationVdi, new DestinationVdiInput(key, plan.Host.Pool, srUuid, source.VirtualSizeBytes, attempt));
            try
            {
                var copy = await run.DoAsync(Steps.CopyVdi, new CopyVdiInput(key, plan.Host.Pool, source.VdiUuid, vdi.VdiUuid, srUuid, source.VirtualSizeBytes));
                return (copy, $"{destination.Folder}/{copy.VdiUuid}.vhd", beganAt, run.Context.CurrentUtcDateTime);
            }
            catch (StepFaultException failure) when (attempt < CopyTries && failure.Fault.Code is FaultCodes.CopyOutcomeUnknown)
            {
                // A VDI that may hold part of a copy is never copied into again: sparse copying trusts that it is all zeros.
                await run.DoAsync(Steps.DestroyDestinationVdi, owned);
            }
        }
    }

    public static async Task<ContentReceipt> VerifyAsync(this SnapshotRun run, SnapshotPlan plan, VdiReceipt source, string location)
    {
        var seen = await run.DoAsync(Steps.HashSource, new HashSourceInput(run.Request.Key, plan.Host.Pool, source.VdiUuid, source.VirtualSizeBytes));
        var content = await run.DoAsync(Steps.VerifyCopy, new VerifyCopyInput(run.Request.Key, plan.Destination.Destination, location, seen));
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
