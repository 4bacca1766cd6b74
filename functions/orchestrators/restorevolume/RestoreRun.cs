namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>What the parts of one RestoreVolume share while it runs.</summary>
internal sealed class RestoreRun : WorkRun
{
    public RestoreRun(TaskOrchestrationContext context, RestoreVolumeInput request)
        : this(context, request, new RestoreBoard(context, request))
    {
    }

    private RestoreRun(TaskOrchestrationContext context, RestoreVolumeInput request, RestoreBoard board)
        : base(context, board) => (Request, Board) = (request, board);

    public RestoreVolumeInput Request { get; }

    public RestoreBoard Board { get; }

    /// <summary>Somebody deleted the new volume before it could be handed over.</summary>
    public bool IsGone { get; set; }

    protected override RequestKey? Reads => Request.Snapshot;

    public Task AuditAsync(string outcome, string? detail) =>
        FinishAsync(Steps.RecordAudit, new AuditEntry(Request.Caller, "snapshot.restore", Request.Snapshot.Uuid, outcome, detail));

    public Task ReportAsync(RestoreState state, RestoredVolume? restored) => ReportAsync(Request.Key, Request.CallbackUrl, new WorkReport
    {
        EventId = Request.Key.Uuid,
        Event = WorkReport.RestoreEnded,
        Id = Request.Key.Uuid,
        State = state.ToString(),
        Failure = Board.Status.Failure,
        SnapshotId = Request.Snapshot.Uuid,
        TargetVolumeId = Request.TargetVolumeId,
        // Of CloudStack's volume the array's ids are for operators only.
        Volume = Request.TargetVolumeId is null ? restored : null,
        Root = restored is null ? null : Board.Status.Root,
        TargetTouched = restored is null && Board.Status.TargetTouched ? true : null,
    });
}

/// <summary>What is to be done, with room and rights for all of it proven.</summary>
/// <param name="New">The volume to make; null where one is filled.</param>
/// <param name="Target">CloudStack's volume to fill.</param>
/// <param name="Lun">Its LUN.</param>
internal sealed record RestorePlan(RestoreSource Source, CopyHost Host, NewVolumePlan? New, CloudStackVolume? Target, CloneLun? Lun)
{
    public string ClusterUuid => New?.ClusterUuid ?? Lun!.Volume.ClusterUuid;
}

/// <summary>The disk that the copy is in.</summary>
internal sealed record RestoredDisk(CloneLun Lun, string SrUuid, VdiReceipt Vdi);
