using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <content>Attempts, progress, purging, queries.</content>
public abstract partial class TaskHubContract
{
    [Fact]
    public async Task Only_the_current_attempt_may_end_a_call_and_only_once()
    {
        var key = await ScheduleAsync("one");
        await WriteAsync(new ClaimActivity(key));
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(new StoreCompletion(key, 1, Completed()))).Outcome);
        Assert.Equal(WriteOutcome.Done, (await WriteAsync(new StoreCompletion(key, 2, Completed()))).Outcome);
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(new StoreCompletion(key, 2, Completed()))).Outcome);
        Assert.Single((await Hub.LoadAsync("one", Token))!.Inbox, message => message.Event is TaskCompletedEvent);
    }

    [Fact]
    public async Task A_turn_that_consumes_an_end_of_an_old_attempt_is_fenced_off_as_a_whole()
    {
        var key = await ScheduleAsync("one");
        await WriteAsync(new ClaimActivity(key));
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(Turn("one", 1) with { ConsumedActivities = [(0, 1)] })).Outcome);
        Assert.Equal(1, (await Hub.LoadAsync("one", Token))!.Revision);
        Assert.Equal(WriteOutcome.Done, (await WriteAsync(Turn("one", 1) with { ConsumedActivities = [(0, 2)] })).Outcome);
        Assert.Empty((await Hub.ReadPendingWorkAsync(Token)).Activities);
        Assert.Equal(WriteOutcome.NotFound, (await WriteAsync(new ClaimActivity(key))).Outcome);
    }

    [Fact]
    public async Task A_turn_that_ends_one_call_and_makes_the_next_is_fenced_off_as_a_whole()
    {
        var key = await ScheduleAsync("one");
        await WriteAsync(new ClaimActivity(key));
        var next = Turn("one", 1) with { ConsumedActivities = [(0, 2)], Activities = [Activity("one", 1)] };
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(next with { ConsumedActivities = [(0, 1)] })).Outcome);
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(next with { ConsumedActivities = [(7, 1)] })).Outcome);
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(next with { Revision = 0 })).Outcome);
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(next with { ExecutionId = "another" })).Outcome);
        var before = (await Hub.LoadAsync("one", Token))!;
        Assert.Equal((1, 0), (before.Revision, Assert.Single((await Hub.ReadPendingWorkAsync(Token)).Activities).Key.TaskId));
        Assert.Equal(WriteOutcome.Done, (await WriteAsync(next)).Outcome);
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(next)).Outcome);
        var after = (await Hub.LoadAsync("one", Token))!;
        Assert.Equal((2, 1), (after.Revision, Assert.Single((await Hub.ReadPendingWorkAsync(Token)).Activities).Key.TaskId));
    }

    [Fact]
    public async Task A_call_that_was_given_back_without_having_begun_has_used_up_no_attempt()
    {
        var key = await ScheduleAsync("one");
        var claimed = (await WriteAsync(new ClaimActivity(key))).Claimed!;
        await WriteAsync(new ReleaseActivities([(key, claimed.Attempt - 1), (key with { TaskId = 9 }, 1)])); // not the current attempt; no such call
        Assert.Equal(claimed.Attempt, Assert.Single((await Hub.ReadPendingWorkAsync(Token)).Activities).Attempts);
        await WriteAsync(new ReleaseActivities([(key, claimed.Attempt)]));
        Assert.Equal(claimed.Attempt - 1, Assert.Single((await Hub.ReadPendingWorkAsync(Token)).Activities).Attempts);
        Assert.Equal(claimed.Attempt, (await WriteAsync(new ClaimActivity(key))).Claimed!.Attempt);
        Assert.Equal(WriteOutcome.Done, (await WriteAsync(new StoreCompletion(key, claimed.Attempt, Completed()))).Outcome);
    }

    [Fact]
    public async Task A_requested_cancel_is_told_to_whoever_claims_the_call()
    {
        var key = await ScheduleAsync("one");
        await WriteAsync(Turn("one", 1) with { CancelRequested = [0] });
        Assert.True((await WriteAsync(new ClaimActivity(key))).Claimed!.CancelRequested);
    }

    [Fact]
    public async Task Progress_counts_only_from_the_current_attempt()
    {
        var key = await ScheduleAsync("one");
        Assert.Equal(WriteOutcome.Done, (await WriteAsync(new StoreProgress(key, 1, "1"))).Outcome);
        await WriteAsync(new ClaimActivity(key));
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(new StoreProgress(key, 1, "2"))).Outcome);
        Assert.Equal("1", await Hub.ReadProgressAsync("one", Token));
        await WriteAsync(new StoreProgress(key, 2, "3"));
        Assert.Equal("3", await Hub.ReadProgressAsync("one", Token));
    }

    [Fact]
    public async Task A_damaged_input_is_told_of_to_whoever_claims_the_call_and_does_not_hide_the_others_of_a_page()
    {
        var input = $"\"{new string('x', 100_000)}\"";
        await StartAsync("one", input: input);
        await StartAsync("two");
        await WriteAsync(Turn("one", 0) with { Activities = [Activity("one", 0) with { Input = input }] });
        await ChangeAsync("UPDATE payloads SET data = substr(data, 5)");
        var claimed = (await WriteAsync(new ClaimActivity(Activity("one", 0).Key))).Claimed!;
        Assert.Null(claimed.Activity.Input);
        Assert.NotNull(claimed.Damage);
        Assert.Equal(WriteOutcome.Done, (await WriteAsync(new StoreCompletion(claimed.Activity.Key, claimed.Attempt, Completed()))).Outcome);
        var page = await Hub.QueryAsync(new OrchestrationQuery { FetchInputsAndOutputs = true }, Token);
        Assert.Equal(["one", "two"], page.Values.Select(record => record.InstanceId).Order());
        Assert.NotNull(page.Values.Single(record => record.InstanceId == "one").Reason);
        await ChangeAsync("DELETE FROM payloads");
        Assert.NotNull((await Hub.ReadInstanceAsync("one", withData: true, Token))!.Reason);
    }

    [Fact]
    public async Task A_cancelled_timer_has_no_row_and_a_consumed_message_neither()
    {
        var start = (await StartAsync("one")).Delivered[0];
        await WriteAsync(Turn("one", 0) with { ConsumedMessages = [start.Sequence], Timers = [new TimerFiredEvent { TimerId = 4, FireAt = Now.UtcDateTime.AddDays(1) }] });
        await WriteAsync(Turn("one", 1) with { CancelledTimers = [4] });
        Assert.Empty((await Hub.LoadAsync("one", Token))!.Inbox);
    }

    [Fact]
    public async Task A_child_whose_id_is_taken_fails_the_call_of_its_parent()
    {
        await StartAsync("one");
        await StartAsync("child");
        var result = await WriteAsync(Turn("one", 0) with { Children = [Start("child", "one", 5)] });
        var told = Assert.Single(result.Delivered);
        Assert.Equal(("one", 5), (told.InstanceId, Assert.IsType<SubOrchestrationInstanceFailedEvent>(told.Event).TaskScheduledId));
    }

    [Fact]
    public async Task Terminate_goes_to_the_live_children_only()
    {
        await StartAsync("one");
        await StartAsync("alive", parent: "one");
        await EndAsync("ended", parent: "one");
        var result = await WriteAsync(Turn("one", 0) with { Status = OrchestrationRuntimeStatus.Terminated, TerminateChildren = new ExecutionTerminatedEvent { Recurse = true } });
        Assert.Equal("alive", Assert.Single(result.Delivered).InstanceId);
    }

    [Fact]
    public async Task Purge_refuses_the_living_counts_children_and_leaves_nothing()
    {
        await StartAsync("alive");
        Assert.Equal(WriteOutcome.Refused, (await WriteAsync(new PurgeInstance("alive", false))).Outcome);
        await EndAsync("one");
        await EndAsync("child", parent: "one");
        Assert.Equal(2, (await WriteAsync(new PurgeInstance("one", true))).Count);
        Assert.Null(await Hub.ReadInstanceAsync("one", false, Token));
        Assert.Null(await Hub.ReadHistoryAsync("child", Token));
        Assert.Equal(0, (await WriteAsync(new PurgeInstance("one", true))).Count);
    }

    [Fact]
    public async Task Purge_takes_families_in_a_circle_and_deep_ones()
    {
        await EndAsync("one");
        await EndAsync("child", parent: "one");
        // An ended instance is replaced by a child of its child.
        await EndAsync("one", parent: "child");
        Assert.Equal(2, (await WriteAsync(new PurgeInstance("one", true) { KeepIfChildrenLive = true })).Count);
        List<HubWrite> deep = [];
        for (var number = 0; number < 2000; number++)
        {
            var id = $"d{number}";
            deep.Add(new StartInstance(Start(id, number == 0 ? null : $"d{number - 1}"), Now, s_refuseLive));
            deep.Add(Turn(id, 0) with { Status = OrchestrationRuntimeStatus.Completed });
        }
        await Hub.CommitAsync([.. deep.Where(write => write is StartInstance)], Token);
        await Hub.CommitAsync([.. deep.Where(write => write is CommitTurn)], Token);
        await StartAsync("alive", parent: "d1999");
        Assert.Equal(WriteOutcome.Refused, (await WriteAsync(new PurgeInstance("d0", true) { KeepIfChildrenLive = true })).Outcome);
        Assert.Equal(2000, (await WriteAsync(new PurgeInstance("d0", true))).Count);
        Assert.NotNull(await Hub.ReadInstanceAsync("alive", false, Token));
    }

    [Fact]
    public async Task Pages_hold_every_match_once()
    {
        for (var number = 0; number < 25; number++)
            await StartAsync($"a{number:00}");
        await EndAsync("b00");
        var found = new List<string>();
        string? token = null;
        do
        {
            var page = await Hub.QueryAsync(new OrchestrationQuery(InstanceIdPrefix: "a", Statuses: [OrchestrationRuntimeStatus.Pending], PageSize: 10, ContinuationToken: token), Token);
            found.AddRange(page.Values.Select(record => record.InstanceId));
            token = page.ContinuationToken;
        }
        while (token is not null);
        Assert.Equal(Enumerable.Range(0, 25).Select(number => $"a{number:00}"), found);
        var ended = await Hub.QueryAsync(new OrchestrationQuery(Statuses: [OrchestrationRuntimeStatus.Completed]), Token);
        Assert.Equal("b00", Assert.Single(ended.Values).InstanceId);
    }

    [Fact]
    public async Task A_page_of_large_instances_ends_early_and_the_rest_follows()
    {
        var large = $"\"{new string('x', 12 << 20)}\"";
        for (var number = 0; number < 4; number++)
            await StartAsync($"large{number}", large);
        await StartAsync("larger", $"\"{new string('y', 40 << 20)}\"");
        var sizes = new List<int>();
        var query = new OrchestrationQuery(InstanceIdPrefix: "large", PageSize: 100, FetchInputsAndOutputs: true);
        do
        {
            var page = await Hub.QueryAsync(query, Token);
            sizes.Add(page.Values.Count);
            query = query with { ContinuationToken = page.ContinuationToken };
        }
        while (query.ContinuationToken is not null);
        Assert.Equal([2, 2, 1], sizes);
        Assert.Equal(5, (await Hub.QueryAsync(query with { FetchInputsAndOutputs = false }, Token)).Values.Count);
    }

    [Fact]
    public async Task Large_texts_come_back_as_they_were()
    {
        var large = $"\"{string.Concat(Enumerable.Range(0, 50_000))}\"";
        await StartAsync("one", large);
        var raised = Raised("big") with { Input = large };
        await WriteAsync(new SendMessage("one", raised));
        await WriteAsync(Turn("one", 0) with { Events = [raised] });
        var snapshot = (await Hub.LoadAsync("one", Token))!;
        Assert.Equal(large, Assert.IsType<EventRaisedEvent>(snapshot.Inbox[^1].Event).Input);
        Assert.Equal(large, Assert.IsType<EventRaisedEvent>(Assert.Single(snapshot.History)).Input);
        Assert.Equal(large, (await Hub.ReadInstanceAsync("one", true, Token))!.Input);
    }

    private async Task<ActivityKey> ScheduleAsync(string id)
    {
        await StartAsync(id);
        await WriteAsync(Turn(id, 0) with { Activities = [Activity(id, 0)] });
        return Activity(id, 0).Key;
    }

    protected static TaskCompletedEvent Completed() => new() { TaskScheduledId = 0, Result = "1", Timestamp = Now.UtcDateTime };
}
