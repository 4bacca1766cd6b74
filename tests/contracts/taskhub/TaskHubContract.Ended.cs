using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <content>Ended instances: read again, brought back, listed, kept or purged; and why a live one waits.</content>
public abstract partial class TaskHubContract
{
    [Fact]
    public async Task A_failed_instance_lives_again_once_with_its_history_and_new_work()
    {
        await StartAsync("one");
        await WriteAsync(Turn("one", 0) with { Status = OrchestrationRuntimeStatus.Failed, Failure = new TaskFailureDetails("T", new string('x', 100_000), null, null), Output = "1" });
        Assert.Null(await Hub.LoadAsync("one", Token));
        var ended = (await Hub.LoadEndedAsync("one", Token))!;
        Assert.Equal((OrchestrationRuntimeStatus.Failed, 1L, 1), (ended.Status, ended.Revision, ended.NextHistoryRow));
        var rewind = Turn("one", 1) with { Reopens = true, OpenTurn = true, Activities = [Activity("one", 0) with { Claimed = false }] };
        Assert.Equal(WriteOutcome.Done, (await WriteAsync(rewind)).Outcome);
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(rewind with { Revision = 2, HistoryRow = 2, Activities = [] })).Outcome);
        var alive = (await Hub.LoadAsync("one", Token))!;
        Assert.Equal((OrchestrationRuntimeStatus.Running, true, 4), (alive.Status, alive.OpenTurn, alive.History.Count));
        Assert.Null(await Hub.LoadEndedAsync("one", Token));
        var record = (await Hub.ReadInstanceAsync("one", true, Token))!;
        Assert.Equal((null, null), (record.Output, record.Failure));
        Assert.Single((await Hub.ReadPendingWorkAsync(Token)).Activities);
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Completed)]
    [InlineData(OrchestrationRuntimeStatus.Terminated)]
    [InlineData(OrchestrationRuntimeStatus.Running)]
    public async Task Nothing_but_a_failed_instance_is_brought_back(OrchestrationRuntimeStatus status)
    {
        await StartAsync("one");
        await WriteAsync(Turn("one", 0) with { Status = status });
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(Turn("one", 1) with { Reopens = true })).Outcome);
    }

    [Fact]
    public async Task A_reason_stays_until_the_next_turn_and_is_written_once()
    {
        await StartAsync("one");
        Assert.Equal(WriteOutcome.Done, (await WriteAsync(new NoteReason("one", "nobody has it"))).Outcome);
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(new NoteReason("one", "nobody has it"))).Outcome);
        Assert.Equal("nobody has it", (await Hub.ReadInstanceAsync("one", false, Token))!.Reason);
        await WriteAsync(Turn("one", 0));
        Assert.Null((await Hub.ReadInstanceAsync("one", false, Token))!.Reason);
        await WriteAsync(Turn("one", 1) with { Reason = "held", Status = OrchestrationRuntimeStatus.Suspended });
        Assert.Equal("held", (await Hub.ReadInstanceAsync("one", true, Token))!.Reason);
        await EndAsync("ended");
        Assert.Equal(WriteOutcome.Refused, (await WriteAsync(new NoteReason("ended", "late"))).Outcome);
        Assert.Equal(WriteOutcome.NotFound, (await WriteAsync(new NoteReason("nobody", "late"))).Outcome);
    }

    [Fact]
    public async Task Ended_instances_are_listed_by_the_time_of_their_end()
    {
        await StartAsync("alive");
        foreach (var (id, hours, status) in ((string, int, OrchestrationRuntimeStatus)[])
            [("late", 3, OrchestrationRuntimeStatus.Completed), ("early", 1, OrchestrationRuntimeStatus.Failed), ("middle", 2, OrchestrationRuntimeStatus.Terminated)])
        {
            await StartAsync(id);
            await WriteAsync(Turn(id, 0) with { Status = status, At = Now.AddHours(hours) });
        }
        var first = await Hub.ListEndedAsync(new EndedFilter(null, null, null, 2, null), Token);
        Assert.Equal(["early", "middle"], first.Values);
        var rest = await Hub.ListEndedAsync(new EndedFilter([], null, null, 2, first.ContinuationToken), Token);
        Assert.Equal((1, "late", null), (rest.Values.Count, rest.Values[0], rest.ContinuationToken));
        Assert.Equal(["middle"], (await Hub.ListEndedAsync(new EndedFilter(null, Now.AddHours(2), Now.AddHours(2), 9, null), Token)).Values);
        Assert.Equal(["early"], (await Hub.ListEndedAsync(new EndedFilter([OrchestrationRuntimeStatus.Failed], null, null, 9, null), Token)).Values);
    }

    [Fact]
    public async Task A_purge_that_keeps_parents_of_the_living_looks_all_the_way_down()
    {
        await EndAsync("one");
        await EndAsync("child", parent: "one");
        await StartAsync("grandchild", parent: "child");
        Assert.Equal(WriteOutcome.Refused, (await WriteAsync(new PurgeInstance("one", true) { KeepIfChildrenLive = true })).Outcome);
        Assert.NotNull(await Hub.ReadInstanceAsync("child", false, Token));
        await WriteAsync(Turn("grandchild", 0) with { Status = OrchestrationRuntimeStatus.Completed });
        Assert.Equal(3, (await WriteAsync(new PurgeInstance("one", true) { KeepIfChildrenLive = true })).Count);
    }

    [Fact]
    public async Task A_purge_by_age_keeps_what_a_rewind_may_still_need()
    {
        async Task FailAsync(string id, int hours)
        {
            var revision = (await Hub.LoadAsync(id, Token))!.Revision;
            await WriteAsync(Turn(id, revision) with { Status = OrchestrationRuntimeStatus.Failed, At = Now.AddHours(hours) });
        }

        PurgeInstance ByAge(string id, int hours) => new(id, true) { KeepIfChildrenLive = true, KeepRewindableSince = Now.AddHours(hours) };

        // A failed parent would begin a child that is gone anew.
        await StartAsync("parent");
        await EndAsync("child", parent: "parent");
        await EndAsync("grandchild", parent: "child");
        await FailAsync("parent", 1);
        Assert.Equal((WriteOutcome.Refused, OrchestrationRuntimeStatus.Failed), Outcome(await WriteAsync(ByAge("child", 9))));
        Assert.Equal(1, (await WriteAsync(ByAge("grandchild", 9))).Count);
        Assert.Equal(2, (await WriteAsync(ByAge("parent", 9))).Count);
        // A parent that has completed does not take along what failed too lately.
        await EndAsync("done");
        await StartAsync("failed", parent: "done");
        await FailAsync("failed", 3);
        Assert.Equal((WriteOutcome.Refused, OrchestrationRuntimeStatus.Failed), Outcome(await WriteAsync(ByAge("done", 2))));
        Assert.Equal(2, (await WriteAsync(ByAge("done", 3))).Count);
    }
}
