namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>What the parts of one RevertVolume share while it runs.</summary>
internal sealed class RevertRun : WorkRun
{
    public RevertRun(TaskOrchestrationContext context, RevertVolumeInput request)
        : this(context, request, new RevertBoard(context, request))
    {
    }

    private RevertRun(TaskOrchestrationContext context, RevertVolumeInput request, RevertBoard board)
        : base(context, board) => (Request, Board) = (request, board);

    public RevertVolumeInput Request { get; }

    public RevertBoard Board { get; }

    /// <summary>Of a revert that failed: what it has done all the same. Null: nothing.</summary>
    public string? Effect { get; set; }

    /// <summary>The snapshot on the array; also while it is waited for what came of a call: what may still come needs it.</summary>
    protected override RequestKey? Reads => Request.Snapshot;

    protected override bool ReadsUntilUndone => true;

    public Task AuditAsync(string outcome, string? detail) =>
        FinishAsync(Steps.RecordAudit, new AuditEntry(Request.Caller, "snapshot.revert", Request.Snapshot.Uuid, outcome, detail));
}
