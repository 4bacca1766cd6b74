namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>What the parts of one SnapshotGroup share while it runs.</summary>
internal sealed class GroupRun : WorkRun
{
    public GroupRun(TaskOrchestrationContext context, SnapshotGroupInput request)
        : this(context, request, new GroupBoard(context, request))
    {
    }

    private GroupRun(TaskOrchestrationContext context, SnapshotGroupInput request, GroupBoard board)
        : base(context, board) => (Request, Board) = (request, board);

    public SnapshotGroupInput Request { get; }

    public GroupBoard Board { get; }

    /// <summary>The VM's volumes, once they are known.</summary>
    public IReadOnlyList<CloudStackVolume> Volumes { get; set; } = [];

    /// <summary>From here on each member tells its own end.</summary>
    public bool MembersBegun { get; set; }

    /// <summary>Members on the array of which some, the array told, were gone when they were to be kept.</summary>
    public IReadOnlyList<(string VolumeId, GroupMembership Taken)> Unkept { get; set; } = [];

    /// <summary>Whether a member's snapshot is there; its fuse, if it still has one, comes off.</summary>
    public Task<bool> KeepAsync(StorageSnapshotInput member) => Runner.FinishAsync(Steps.KeepStorageSnapshot, member, Board.Stuck);

    public Task AuditAsync(string outcome, string? detail) =>
        FinishAsync(Steps.RecordAudit, new AuditEntry(Request.Caller, "snapshot.group", Request.Key.Uuid, outcome, detail));

    /// <summary>Of the group itself; its members tell their own ends.</summary>
    public Task ReportAsync(SnapshotState state) => !Context.IsAtLeast(WorkflowVersions.Told) ? Task.CompletedTask : ReportAsync(Request.Key, Request.CallbackUrl, new WorkReport
    {
        EventId = Request.Key.Uuid,
        Event = WorkReport.GroupEnded,
        Id = Request.Key.Uuid,
        State = state.ToString(),
        Failure = Board.Status.Failure,
        Tags = Request.Tags,
        VmId = Request.VmId,
        Consistency = Board.Status.Consistency,
        TakenAt = Board.Status.TakenAt,
        Destination = Board.Status.Destination,
        Manifest = Board.Status.Manifest,
        Members = Board.Status.Members.Items,
    });
}

/// <summary>The array's part of the group: every volume on one cluster, in the order of the VM's volumes.</summary>
/// <param name="Destination">Name of the destination that all go to.</param>
/// <param name="Machine">Whom to freeze; null: nobody.</param>
internal sealed record GroupPlan(IReadOnlyList<ArrayVolume> Volumes, string Destination, FreezeInput? Machine);

/// <summary>What each member begins with.</summary>
/// <param name="Taken">Null where the only volume takes its snapshot itself.</param>
/// <param name="GroupSnapshotId">The array's id of what was taken.</param>
internal sealed record GroupTaken(IReadOnlyList<GroupMembership>? Taken, string Destination, long? GroupSnapshotId = null);
