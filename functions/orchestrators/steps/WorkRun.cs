namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>What the parts of one workflow share while it runs: steps, what they have made, and the wish to stop.</summary>
internal abstract class WorkRun
{
    /// <summary>A clean-up that failed so often in a row passes for stuck: by then it is no single lost answer.</summary>
    private const int StuckAttempts = 3;

    private readonly IStepBoard _board;
    private bool _admitted;
    private Task? _reduction;

    protected WorkRun(TaskOrchestrationContext context, IStepBoard board)
    {
        (Context, _board) = (context, board);
        Cancellation = new Cancellation(context);
        Runner = new StepRunner(context, board, Cancellation);
        Undo = new UndoScope(Runner);
        StartedAt = context.CurrentUtcDateTime;
    }

    public TaskOrchestrationContext Context { get; }

    public Cancellation Cancellation { get; }

    public UndoScope Undo { get; }

    public DateTime StartedAt { get; }

    /// <summary>How long look-ups are tried before anything exists: shortly while a person waits for the answer, as long as everything else once nobody does.</summary>
    public StepPolicy Looking { get; protected set; } = StepPolicy.Preflight;

    protected StepRunner Runner { get; }

    /// <summary>The snapshot that is read, or gone back to, and so must not be deleted meanwhile.</summary>
    protected virtual RequestKey? Reads => null;

    /// <summary>It is needed while what was begun is undone, too.</summary>
    protected virtual bool ReadsUntilUndone => false;

    /// <summary>For what is made anew as a whole when its outcome is unknown.</summary>
    public Anew Anew() => new(Context, Cancellation);

    public Task<TOutput> DoAsync<TInput, TOutput>(Step<TInput, TOutput> step, TInput input, StepPolicy? policy = null) =>
        Runner.RunAsync(step, input, policy ?? StepPolicy.Work);

    public Task<TOutput> DoUncancelledAsync<TInput, TOutput>(Step<TInput, TOutput> step, TInput input, StepPolicy policy) =>
        Runner.RunUncancelledAsync(step, input, policy);

    /// <summary>A step that must end done; what keeps it is shown.</summary>
    public Task FinishAsync<TInput, TOutput>(Step<TInput, TOutput> step, TInput input)
    {
        _board.At(step.Name);
        return Runner.FinishAsync(step, input, _board.Stuck);
    }

    /// <summary>Hands the end over to whoever asked to be told. It fails nothing, and comes before the end is shown.</summary>
    protected Task ReportAsync(RequestKey key, string? address, WorkReport report) => address is null
        ? Task.CompletedTask
        : Runner.FinishAsync(Steps.StartReport, new ReportSnapshotInput(key, address, null) { Work = report }, _board.Stuck);

    /// <summary>Takes everything away. While something of it keeps failing, nobody else waits for the slots of host, store and account: one hung session must not stop the rest.</summary>
    public async Task UnwindAsync()
    {
        await Undo.UnwindAsync(_board.At, notice =>
        {
            _board.Stuck(notice);
            if (notice is { Attempts: >= StuckAttempts } && _admitted && Context.IsAtLeast(WorkflowVersions.Apart)) _reduction ??= Context.ReduceAdmissionAsync(ReadsUntilUndone);
        });
        if (_reduction is not null) await _reduction;
    }

    /// <summary>Takes slots, waiting its turn.</summary>
    /// <returns>Whether it had to wait.</returns>
    public Task<bool> TakeAsync(int stage, string account, IReadOnlyList<string> slots, int priority) =>
        Context.AdmitAsync(new AdmissionRequest(Context.InstanceId, stage, slots, account, priority) { Reads = Reads }, _board, Cancellation);

    /// <summary>
    /// Takes the slots that are known from the beginning, looks at everything, and takes the slots that the plan needs; after a wait for those, or where they had to be given back in between, everything is looked at
    /// again, for it may have changed. Slots are given back by the undo.
    /// </summary>
    public async Task<TPlan> AdmitPlanAsync<TPlan>(string account, IReadOnlyList<string> first, int priority, Func<Task<TPlan>> inspect, Func<TPlan, IReadOnlyList<string>> slotsOf)
    {
        Undo.Push(Admitting.ReleaseStep, Context.ReleaseAdmissionAsync);
        _admitted = true;
        if (await TakeAsync(1, account, first, priority)) Looking = StepPolicy.Work;
        var plan = await inspect();
        for (var given = false; await TakeAsync(2, account, slotsOf(plan), priority) || given;)
        {
            Looking = StepPolicy.Work;
            var again = await inspect();
            var same = slotsOf(again).SequenceEqual(slotsOf(plan), StringComparer.Ordinal);
            plan = again;
            if (same) break;

            // The slots are those of another host or store now: they are given back, and the right ones asked for. What was just seen may be so no more: another job may have the volume in between.
            await Context.ReleaseAdmissionAsync();
            await TakeAsync(1, account, first, priority);
            given = Context.IsAtLeast(WorkflowVersions.Renewed);
        }

        return plan;
    }
}
