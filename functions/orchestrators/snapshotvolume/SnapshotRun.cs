namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>What the parts of one SnapshotVolume share while it runs.</summary>
internal sealed class SnapshotRun
{
    public SnapshotRun(TaskOrchestrationContext context, SnapshotVolumeInput request)
    {
        Context = context;
        Request = request;
        Board = new StatusBoard(context);
        Cancellation = new Cancellation(context);
        Runner = new StepRunner(context, Board, Cancellation);
        Undo = new UndoScope(Runner);
        StartedAt = context.CurrentUtcDateTime;
    }

    public TaskOrchestrationContext Context { get; }

    public SnapshotVolumeInput Request { get; }

    public StatusBoard Board { get; }

    public Cancellation Cancellation { get; }

    public UndoScope Undo { get; }

    public DateTime StartedAt { get; }

    /// <summary>Set once Admit has resolved it; the catalog shows it.</summary>
    public CloudStackVolume? Volume { get; set; }

    private StepRunner Runner { get; }

    public Task<TOutput> DoAsync<TInput, TOutput>(Step<TInput, TOutput> step, TInput input, StepPolicy? policy = null) =>
        Runner.RunAsync(step, input, policy ?? StepPolicy.Work);

    public Task<TOutput> DoUncancelledAsync<TInput, TOutput>(Step<TInput, TOutput> step, TInput input, StepPolicy policy) =>
        Runner.RunUncancelledAsync(step, input, policy);

    public Task UnwindAsync() => Undo.UnwindAsync(
        Board.At,
        stuck => Board.Show(status => status with { Cleanup = new CleanupStatus(Done: false, stuck) }));

    /// <summary>Writes the catalog's row. A projection, so it never decides anything; it is shown when it keeps failing.</summary>
    public Task ProjectAsync() => Runner.FinishAsync(Steps.ProjectSnapshot, Row(), stuck => Board.Show(status => status with { Waiting = stuck }));

    private SnapshotRow Row() => new()
    {
        Key = Request.Key,
        VolumeId = Request.VolumeId,
        VolumeName = Volume?.Name,
        VmId = Volume?.VmId,
        Account = Volume?.Account,
        Name = Request.Name ?? DefaultName(),
        Caller = Request.Caller,
        CreatedAt = new DateTimeOffset(DateTime.SpecifyKind(StartedAt, DateTimeKind.Utc)),
        Status = Board.Status,
        Tags = Request.Tags,
        Policy = Request.Policy,
    };

    /// <summary>CloudStack's own manner of naming: vm_volume_time.</summary>
    private string? DefaultName() => Volume is null ? null : $"{Volume.VmName ?? "detached"}_{Volume.Name}_{StartedAt:yyyyMMddHHmmss}";
}
