using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>What every task hub promises the engine.</summary>
public abstract partial class TaskHubContract : IAsyncLifetime
{
    private static readonly HashSet<OrchestrationRuntimeStatus> s_refuseLive = [OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Pending];

    protected internal static DateTimeOffset Now { get; } = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected ITaskHub Hub { get; private set; } = null!;

    protected abstract ValueTask<ITaskHub> CreateAsync();

    /// <summary>The same store, opened again after its owner has gone.</summary>
    protected abstract ValueTask<ITaskHub> ReopenAsync(ITaskHub former);

    /// <summary>The same store, taken over from an owner that died.</summary>
    protected abstract ValueTask<ITaskHub> InheritAsync(ITaskHub dead);

    /// <summary>Changes rows behind the hub's back.</summary>
    protected abstract Task ChangeAsync(string sql);

    public async ValueTask InitializeAsync()
    {
        Hub = await CreateAsync();
        await Hub.OpenAsync(Token);
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_started_instance_is_pending_with_its_start_in_the_inbox()
    {
        var started = Assert.Single((await StartAsync("one")).Delivered);
        var snapshot = (await Hub.LoadAsync("one", Token))!;
        Assert.Equal((OrchestrationRuntimeStatus.Pending, "run-one", 0L), (snapshot.Status, snapshot.ExecutionId, snapshot.Revision));
        Assert.Equal(started.Sequence, Assert.Single(snapshot.Inbox).Sequence);
        Assert.Empty(snapshot.History);
    }

    [Fact]
    public async Task A_live_instance_refuses_a_second_start_and_keeps_its_rows()
    {
        await StartAsync("one");
        Assert.Equal((WriteOutcome.Refused, OrchestrationRuntimeStatus.Pending), Outcome(await StartAsync("one", input: "\"other\"")));
        Assert.Single((await Hub.LoadAsync("one", Token))!.Inbox);
    }

    [Fact]
    public async Task An_ended_instance_is_replaced_unless_its_status_refuses()
    {
        await EndAsync("one");
        var refused = await WriteAsync(new StartInstance(Start("one"), Now, new HashSet<OrchestrationRuntimeStatus> { OrchestrationRuntimeStatus.Completed }));
        Assert.Equal((WriteOutcome.Refused, OrchestrationRuntimeStatus.Completed), Outcome(refused));
        Assert.Equal(WriteOutcome.Done, (await StartAsync("one")).Outcome);
        var fresh = (await Hub.LoadAsync("one", Token))!;
        Assert.Empty(fresh.History);
        Assert.Single(fresh.Inbox);
    }

    [Fact]
    public async Task A_turn_writes_everything_at_once()
    {
        var start = (await StartAsync("one")).Delivered[0];
        await StartAsync("other");
        var turn = Turn("one", 0) with
        {
            ConsumedMessages = [start.Sequence],
            Activities = [Activity("one", 0), Activity("one", 1) with { Claimed = false }],
            Timers = [new TimerFiredEvent { TimerId = 2, FireAt = Now.UtcDateTime.AddHours(1) }],
            Messages = [new OutgoingMessage("other", null, Raised("hello")), new OutgoingMessage("nobody", null, Raised("hello"))],
            Children = [Start("child", parent: "one", task: 3)],
            CustomStatus = "\"busy\"",
        };
        var result = await WriteAsync(turn);
        Assert.Equal(["one", "child", "other"], result.Delivered.Select(message => message.InstanceId));
        var snapshot = (await Hub.LoadAsync("one", Token))!;
        Assert.Equal((OrchestrationRuntimeStatus.Running, 1L, 1, "\"busy\""), (snapshot.Status, snapshot.Revision, snapshot.NextHistoryRow, snapshot.CustomStatus));
        Assert.IsType<TimerFiredEvent>(Assert.Single(snapshot.Inbox).Event);
        Assert.Equal(turn.Events.Select(one => one.EventType), snapshot.History.Select(one => one.EventType));
        var pending = await Hub.ReadPendingWorkAsync(Token);
        Assert.Equal([0, 1], pending.Activities.Select(one => one.Key.TaskId));
        Assert.Equal(Now.AddHours(1), pending.Wakes.Single(wake => wake.InstanceId == "one").Due);
    }

    [Fact]
    public async Task A_start_with_its_first_turn_is_one_write_and_leaves_no_start_message()
    {
        await StartAsync("other");
        var first = Turn("one", 0) with
        {
            Activities = [Activity("one", 0), Activity("one", 1) with { Claimed = false }],
            Timers = [new TimerFiredEvent { TimerId = 2, FireAt = Now.UtcDateTime.AddHours(1) }],
            Messages = [new OutgoingMessage("other", null, Raised("hello")), new OutgoingMessage("@counter@one", null, Raised("hello"))],
            Children = [Start("child", parent: "one", task: 3)],
            CustomStatus = "\"busy\"",
        };
        var result = await WriteAsync(new StartInstance(Start("one") with { Input = new string('x', 40_000) }, Now, s_refuseLive) { FirstTurn = first });
        Assert.True(result.TookFirstTurn);
        Assert.Equal(["one", "child", "other", "@counter@one"], result.Delivered.Select(message => message.InstanceId));
        var snapshot = (await Hub.LoadAsync("one", Token))!;
        Assert.Equal((OrchestrationRuntimeStatus.Running, 1L, 1, "\"busy\""), (snapshot.Status, snapshot.Revision, snapshot.NextHistoryRow, snapshot.CustomStatus));
        Assert.IsType<TimerFiredEvent>(Assert.Single(snapshot.Inbox).Event);
        Assert.Equal(first.Events.Select(one => one.EventType), snapshot.History.Select(one => one.EventType));
        Assert.Equal([0, 1], (await Hub.ReadPendingWorkAsync(Token)).Activities.Select(one => one.Key.TaskId));
        var record = (await Hub.ReadInstanceAsync("one", true, Token))!;
        Assert.Equal((first.At, first.At, 40_000), (record.CreatedAt, record.UpdatedAt, record.Input!.Length));
        Assert.Equal(WriteOutcome.Done, (await WriteAsync(Turn("one", 1) with { HistoryRow = 1, ConsumedActivities = [(0, 1)] })).Outcome);
    }

    [Fact]
    public async Task A_start_with_its_first_turn_is_refused_whole_and_replaces_what_has_ended()
    {
        await StartAsync("one");
        var first = Turn("one", 0) with { Activities = [Activity("one", 0)] };
        var start = new StartInstance(Start("one"), Now, s_refuseLive) { FirstTurn = first };
        var refused = await WriteAsync(start);
        Assert.Equal((WriteOutcome.Refused, false), (refused.Outcome, refused.TookFirstTurn));
        Assert.Empty((await Hub.ReadPendingWorkAsync(Token)).Activities);
        Assert.Single((await Hub.LoadAsync("one", Token))!.Inbox);
        await WriteAsync(Turn("one", 0) with { Status = OrchestrationRuntimeStatus.Completed });
        // What comes after it in the same transaction finds it as it left it.
        var results = await Hub.CommitAsync([start, new SendMessage("one", Raised("go")), Turn("one", 1) with { HistoryRow = 1, CustomStatus = "\"on\"" }, start], Token);
        Assert.Equal([WriteOutcome.Done, WriteOutcome.Done, WriteOutcome.Done, WriteOutcome.Refused], results.Select(result => result.Outcome));
        var snapshot = (await Hub.LoadAsync("one", Token))!;
        Assert.Equal((2L, "\"on\""), (snapshot.Revision, snapshot.CustomStatus));
        Assert.IsType<EventRaisedEvent>(Assert.Single(snapshot.Inbox).Event);
    }

    [Fact]
    public async Task An_instance_may_end_with_its_first_turn()
    {
        var failure = new TaskFailureDetails("Boom", new string('y', 40_000), null, null);
        var first = Turn("one", 0) with { Status = OrchestrationRuntimeStatus.Failed, Failure = failure, Output = "\"out\"", CustomStatus = "1" };
        var result = await WriteAsync(new StartInstance(Start("one"), Now, s_refuseLive) { FirstTurn = first });
        Assert.True(result.TookFirstTurn);
        Assert.Null(await Hub.LoadAsync("one", Token));
        var record = (await Hub.ReadInstanceAsync("one", true, Token))!;
        Assert.Equal((OrchestrationRuntimeStatus.Failed, "\"out\"", "1", 40_000), (record.Status, record.Output, record.CustomStatus, record.Failure!.ErrorMessage.Length));
        Assert.Equal(["one"], (await Hub.ListEndedAsync(new EndedFilter(null, null, null, 10, null), Token)).Values);
        Assert.Equal(1, (await WriteAsync(new PurgeInstance("one", Recursive: false))).Count);
    }

    [Fact]
    public async Task The_fence_leaves_out_the_late_turn_and_lets_the_others_of_the_batch_through()
    {
        await StartAsync("late");
        await StartAsync("good");
        await WriteAsync(Turn("late", 0));
        var results = await Hub.CommitAsync([Turn("late", 0) with { Activities = [Activity("late", 7)] }, Turn("good", 0)], Token);
        Assert.Equal([WriteOutcome.Fenced, WriteOutcome.Done], results.Select(result => result.Outcome));
        Assert.Equal(1, (await Hub.LoadAsync("late", Token))!.NextHistoryRow);
        Assert.Empty((await Hub.ReadPendingWorkAsync(Token)).Activities);
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await Hub.LoadAsync("good", Token))!.Status);
    }

    [Fact]
    public async Task A_turn_of_another_execution_is_fenced_off()
    {
        await StartAsync("one");
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(Turn("one", 0) with { ExecutionId = "run-of-old" })).Outcome);
    }

    [Fact]
    public async Task ContinueAsNew_replaces_history_and_drops_work_of_the_old_execution_but_no_external_event()
    {
        await StartAsync("one");
        await WriteAsync(Turn("one", 0) with { Activities = [Activity("one", 0)], Timers = [new TimerFiredEvent { TimerId = 1, FireAt = Now.UtcDateTime }] });
        await WriteAsync(new SendMessage("one", Raised("kept")));
        var again = Start("one") with { OrchestrationInstance = new OrchestrationInstance("one", "run-two"), Generation = 1, Input = "2" };
        await WriteAsync(Turn("one", 1) with { Restart = again, Events = [again], HistoryRow = 0, OpenTurn = true });
        var snapshot = (await Hub.LoadAsync("one", Token))!;
        Assert.Equal(("run-two", true, 1), (snapshot.ExecutionId, snapshot.OpenTurn, snapshot.NextHistoryRow));
        Assert.Equal("kept", Assert.IsType<EventRaisedEvent>(Assert.Single(snapshot.Inbox).Event).Name);
        Assert.Equal("2", (await Hub.ReadInstanceAsync("one", true, Token))!.Input);
        var pending = await Hub.ReadPendingWorkAsync(Token);
        Assert.Empty(pending.Activities);
        Assert.Contains(pending.Wakes, wake => wake.InstanceId == "one");
    }

    [Fact]
    public async Task A_prefix_may_hold_any_character()
    {
        await StartAsync("\U0001F4BE1");
        await StartAsync("other");
        Assert.Equal(["\U0001F4BE1"], (await Hub.QueryAsync(new OrchestrationQuery(InstanceIdPrefix: "\U0001F4BE"), Token)).Values.Select(one => one.InstanceId));
    }

    [Fact]
    public async Task An_ended_instance_has_no_work_and_takes_no_message()
    {
        await EndAsync("one");
        Assert.Null(await Hub.LoadAsync("one", Token));
        Assert.Equal((WriteOutcome.Refused, OrchestrationRuntimeStatus.Completed), Outcome(await WriteAsync(new SendMessage("one", Raised("late")))));
        Assert.Equal(WriteOutcome.NotFound, (await WriteAsync(new SendMessage("nobody", Raised("late")))).Outcome);
        var record = (await Hub.ReadInstanceAsync("one", true, Token))!;
        Assert.Equal((OrchestrationRuntimeStatus.Completed, "\"done\""), (record.Status, record.Output));
    }

    [Fact]
    public async Task Everything_committed_is_there_for_the_next_owner()
    {
        await StartAsync("one");
        await WriteAsync(Turn("one", 0) with { Activities = [Activity("one", 0)] });
        Hub = await ReopenAsync(Hub);
        await Hub.OpenAsync(Token);
        Assert.Equal(1, (await Hub.LoadAsync("one", Token))!.Revision);
        var claimed = (await WriteAsync(new ClaimActivity(Activity("one", 0).Key))).Claimed!;
        Assert.Equal((2, "\"input\"", "Copy"), (claimed.Attempt, claimed.Activity.Input, claimed.Activity.Name));
    }

    protected async Task<WriteResult> WriteAsync(HubWrite write) => (await Hub.CommitAsync([write], Token))[0];

    protected Task<WriteResult> StartAsync(string id, string? input = null, string? parent = null) =>
        WriteAsync(new StartInstance(Start(id, parent) with { Input = input }, Now, s_refuseLive));

    protected async Task EndAsync(string id, string? parent = null)
    {
        await StartAsync(id, parent: parent);
        await WriteAsync(Turn(id, 0) with { Activities = [Activity(id, 0)] });
        await WriteAsync(Turn(id, 1) with { Status = OrchestrationRuntimeStatus.Completed, Output = "\"done\"" });
    }

    protected internal static ExecutionStartedEvent Start(string id, string? parent = null, int task = 0) => new()
    {
        OrchestrationInstance = new OrchestrationInstance(id, "run-" + id),
        ParentInstance = parent is null ? null : new ParentInstance(new OrchestrationInstance(parent, "run-" + parent), "Parent", null, task),
        Name = "Test",
        Timestamp = Now.UtcDateTime,
    };

    protected internal static CommitTurn Turn(string id, long revision) => new()
    {
        InstanceId = id,
        ExecutionId = "run-" + id,
        Revision = revision,
        HistoryRow = (int)revision,
        Events = [new OrchestratorStartedEvent { Timestamp = Now.UtcDateTime }, new OrchestratorCompletedEvent { Timestamp = Now.UtcDateTime }],
        Status = OrchestrationRuntimeStatus.Running,
        At = Now,
    };

    protected internal static ScheduledActivity Activity(string id, int task) => new(new ActivityKey(id, "run-" + id, task), "Copy", null, "\"input\"", null);

    protected internal static EventRaisedEvent Raised(string name) => new() { Name = name, Timestamp = Now.UtcDateTime };

    private static (WriteOutcome Outcome, OrchestrationRuntimeStatus? Status) Outcome(WriteResult result) => (result.Outcome, result.Status);
}
