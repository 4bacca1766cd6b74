namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>What the parts of one SnapshotVolume share while it runs.</summary>
internal sealed class SnapshotRun : WorkRun
{
    public SnapshotRun(TaskOrchestrationContext context, SnapshotVolumeInput request)
        : this(context, request, new StatusBoard(context))
    {
    }

    private SnapshotRun(TaskOrchestrationContext context, SnapshotVolumeInput request, StatusBoard board)
        : base(context, board)
    {
        (Request, Board) = (request, board);
        if (request.Policy is not null) Looking = StepPolicy.Work;
    }

    public SnapshotVolumeInput Request { get; }

    public StatusBoard Board { get; }

    /// <summary>Set once Admit has resolved it; the catalog shows it.</summary>
    public CloudStackVolume? Volume { get; set; }

    /// <summary>Set when the array's snapshot is to stay.</summary>
    public ArrayVolume? Primary { get; set; }

    /// <summary>Writes the catalog's row. A projection, so it never decides anything; it is shown when it keeps failing.</summary>
    public Task ProjectAsync() => Runner.FinishAsync(Steps.ProjectSnapshot, Row(), stuck => Board.Show(status => status with { Waiting = stuck }));

    private SnapshotRow Row() => new()
    {
        Key = Request.Key,
        VolumeId = Request.VolumeId,
        VolumeName = Volume?.Name,
        VmId = Volume?.VmId,
        Account = Volume?.Account,
        DomainId = Volume?.DomainId,
        Name = Name,
        Caller = Request.Caller,
        CreatedAt = new DateTimeOffset(DateTime.SpecifyKind(StartedAt, DateTimeKind.Utc)),
        Status = Board.Status,
        Tags = Request.Tags,
        Policy = Request.Policy,
        GroupId = Request.Group?.Uuid,
        Primary = Primary,
        AdoptedSnapshotId = Request.AdoptSnapshotId,
    };

    /// <summary>Writes the result onto the CloudStack snapshot that was adopted. Where another workflow asked for the copy, that one does.</summary>
    public Task TagAsync(StepFault? fault) => Request.AdoptSnapshotId is { } adopted && Context.Parent is null && Context.IsAtLeast(WorkflowVersions.Apart)
        ? Runner.TagAsync(Context.CurrentUtcDateTime, adopted, Request.Key, fault, Request.Caller, StepPolicy.Looking)
        : Task.CompletedTask;

    /// <summary>Hands the end over to whoever asked to be told. It fails nothing.</summary>
    public Task ReportAsync()
    {
        if (Request.CallbackUrl is not { } address) return Task.CompletedTask;
        var row = Row();
        var status = Board.Status;
        var report = new SnapshotReport
        {
            EventId = Request.Key.Uuid,
            Event = SnapshotReport.Ended,
            Id = Request.Key.Uuid,
            VolumeId = row.VolumeId,
            Name = row.Name,
            State = status.State,
            Consistency = status.Consistency,
            Verified = status.Verified,
            TakenAt = status.TakenAt,
            Destination = status.Destination,
            Manifest = status.Manifest,
            Location = status.Location,
            Root = status.Root,
            DiskBytes = status.DiskBytes,
            Failure = status.Failure,
            Tags = row.Tags,
        };
        return Runner.FinishAsync(Steps.StartReport, new ReportSnapshotInput(Request.Key, address, report), stuck => Board.Show(status => status with { Waiting = stuck }));
    }

    /// <summary>As the request named it; else in CloudStack's own manner, vm_volume_time, once the volume is known.</summary>
    public string? Name => Request.Name ?? (Volume is null ? null : $"{Volume.VmName ?? "detached"}_{Volume.Name}_{StartedAt:yyyyMMddHHmmss}");
}
