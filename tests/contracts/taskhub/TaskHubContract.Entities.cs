using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Client.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <content>Entities: rows that come with their first message and go with their last trace.</content>
public abstract partial class TaskHubContract
{
    private const string Slots = "@slots@host-1";

    [Fact]
    public async Task A_signal_makes_the_entity_and_a_second_one_finds_it()
    {
        var first = Assert.Single((await WriteAsync(new SendMessage(Slots, Signal("take")))).Delivered);
        await WriteAsync(new SendMessage(Slots, Signal("give")) { VisibleAt = Now.AddHours(1) });
        var entity = (await Hub.LoadAsync(Slots, Token))!;
        Assert.Equal(("slots", OrchestrationRuntimeStatus.Running, 0L, null, null), (entity.Name, entity.Status, entity.Revision, entity.EntityState, entity.LockedBy));
        Assert.Equal([first.Sequence, first.Sequence + 1], entity.Inbox.Select(message => message.Sequence));
        Assert.Equal([Now, Now.AddHours(1)], entity.Inbox.Select(message => message.VisibleAt));
        Assert.Empty(entity.History);
        Assert.Contains((await Hub.ReadPendingWorkAsync(Token)).Wakes, wake => wake == (Slots, Now));
    }

    [Fact]
    public async Task An_entity_commit_writes_state_messages_and_starts_at_once()
    {
        await StartAsync("waiting");
        await WriteAsync(new SendMessage(Slots, Signal("take")));
        await StartAsync("taken");
        var entity = (await Hub.LoadAsync(Slots, Token))!;
        var result = await WriteAsync(Batch(entity) with
        {
            State = "{\"free\":1}",
            LockedBy = "owner",
            Messages = [new OutgoingMessage("waiting", "run-waiting", Raised("granted")), new OutgoingMessage("@other@x", null, Signal("told")), new OutgoingMessage("nobody", null, Raised("x"))],
            Starts = [new StartInstance(Start("fresh"), Now, s_refuseLive), new StartInstance(Start("taken"), Now, s_refuseLive)],
        });
        Assert.Equal((WriteOutcome.Done, 0), (result.Outcome, result.Count));
        Assert.Equal(["waiting", "@other@x", "fresh"], result.Delivered.Select(message => message.InstanceId));
        var after = (await Hub.LoadAsync(Slots, Token))!;
        Assert.Equal((1L, "{\"free\":1}", "owner"), (after.Revision, after.EntityState, after.LockedBy));
        Assert.Empty(after.Inbox);
    }

    [Fact]
    public async Task A_late_entity_commit_is_fenced_off_whole()
    {
        await WriteAsync(new SendMessage(Slots, Signal("take")));
        var entity = (await Hub.LoadAsync(Slots, Token))!;
        await WriteAsync(Batch(entity) with { State = "1", ConsumedMessages = [] });
        var late = await WriteAsync(Batch(entity) with { State = "2", Messages = [new OutgoingMessage("@other@x", null, Signal("told"))] });
        Assert.Equal(WriteOutcome.Fenced, late.Outcome);
        Assert.Null(await Hub.LoadAsync("@other@x", Token));
        var after = (await Hub.LoadAsync(Slots, Token))!;
        Assert.Equal(("1", 1), (after.EntityState, after.Inbox.Count));
    }

    [Fact]
    public async Task An_entity_without_any_trace_is_gone_and_its_successor_is_another_one()
    {
        await WriteAsync(new SendMessage(Slots, Signal("take")));
        var former = (await Hub.LoadAsync(Slots, Token))!;
        Assert.Equal(1, (await WriteAsync(Batch(former))).Count);
        Assert.Null(await Hub.LoadAsync(Slots, Token));
        await WriteAsync(new SendMessage(Slots, Signal("take")));
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(Batch(former) with { State = "1" })).Outcome);
    }

    [Fact]
    public async Task An_entity_with_messages_left_stays()
    {
        await WriteAsync(new SendMessage(Slots, Signal("take")));
        var entity = (await Hub.LoadAsync(Slots, Token))!;
        await WriteAsync(new SendMessage(Slots, Signal("give")));
        Assert.Equal(0, (await WriteAsync(Batch(entity))).Count);
        Assert.Single((await Hub.LoadAsync(Slots, Token))!.Inbox);
    }

    [Fact]
    public async Task Entities_are_queried_apart_from_instances()
    {
        await StartAsync("plain");
        foreach (var key in (string[])["a", "b", "c"])
        {
            await WriteAsync(new SendMessage($"@slots@{key}", Signal("take")));
            await WriteAsync(Batch((await Hub.LoadAsync($"@slots@{key}", Token))!) with { State = $"\"{key}\"" });
        }
        await WriteAsync(new SendMessage("@empty@x", Signal("take")));
        Assert.Equal("plain", Assert.Single((await Hub.QueryAsync(new OrchestrationQuery(), Token)).Values).InstanceId);
        var first = await Hub.QueryEntitiesAsync(new EntityQuery { PageSize = 2 }, Token);
        Assert.Equal(["@slots@a", "@slots@b"], first.Values.Select(entity => entity.InstanceId));
        var rest = await Hub.QueryEntitiesAsync(new EntityQuery { PageSize = 2, ContinuationToken = first.ContinuationToken, IncludeState = false }, Token);
        Assert.Equal(new EntityRecord("@slots@c", Now, null, null, 0), Assert.Single(rest.Values));
        Assert.Null(rest.ContinuationToken);
        Assert.Equal(4, (await Hub.QueryEntitiesAsync(new EntityQuery { IncludeTransient = true }, Token)).Values.Count);
        Assert.Empty((await Hub.QueryEntitiesAsync(new EntityQuery { InstanceIdStartsWith = "Slots@B" }, Token)).Values);
        Assert.Single((await Hub.QueryEntitiesAsync(new EntityQuery { InstanceIdStartsWith = "Slots@b" }, Token)).Values);
        Assert.Empty((await Hub.QueryEntitiesAsync(new EntityQuery { LastModifiedFrom = Now.AddTicks(1) }, Token)).Values);
        Assert.Equal(new EntityRecord("@empty@x", Now, null, null, 1), await Hub.ReadEntityAsync("@empty@x", true, Token));
    }

    [Fact]
    public async Task A_large_state_comes_back_as_it_was_and_again_after_a_change()
    {
        await WriteAsync(new SendMessage(Slots, Signal("take")));
        foreach (var letter in "ab")
        {
            var large = $"\"{new string(letter, 200_000)}\"";
            await WriteAsync(Batch((await Hub.LoadAsync(Slots, Token))!) with { State = large });
            Assert.Equal(large, (await Hub.LoadAsync(Slots, Token))!.EntityState);
            Assert.Equal(large, (await Hub.ReadEntityAsync(Slots, true, Token))!.State);
        }
    }

    [Fact]
    public async Task A_page_of_entities_with_large_states_ends_early_and_the_rest_follows()
    {
        var large = $"\"{new string('x', 12 << 20)}\"";
        foreach (var key in (string[])["a", "b", "c"])
        {
            await WriteAsync(new SendMessage($"@slots@{key}", Signal("take")));
            await WriteAsync(Batch((await Hub.LoadAsync($"@slots@{key}", Token))!) with { State = large });
        }
        var first = await Hub.QueryEntitiesAsync(new EntityQuery { PageSize = 100 }, Token);
        Assert.Equal(2, first.Values.Count);
        var rest = await Hub.QueryEntitiesAsync(new EntityQuery { PageSize = 100, ContinuationToken = first.ContinuationToken }, Token);
        Assert.Equal("@slots@c", Assert.Single(rest.Values).InstanceId);
        Assert.Null(rest.ContinuationToken);
        Assert.Equal(3, (await Hub.QueryEntitiesAsync(new EntityQuery { PageSize = 100, IncludeState = false }, Token)).Values.Count);
    }

    [Fact]
    public async Task An_entity_may_be_purged_as_it_stands()
    {
        await WriteAsync(new SendMessage(Slots, Signal("take")));
        Assert.Equal(1, (await WriteAsync(new PurgeInstance(Slots, false))).Count);
        Assert.Null(await Hub.LoadAsync(Slots, Token));
        Assert.DoesNotContain((await Hub.ReadPendingWorkAsync(Token)).Wakes, wake => wake.InstanceId == Slots);
    }

    private static CommitEntity Batch(InstanceSnapshot entity) => new()
    {
        InstanceId = entity.InstanceId,
        ExecutionId = entity.ExecutionId,
        Revision = entity.Revision,
        At = Now,
        ConsumedMessages = [.. entity.Inbox.Select(message => message.Sequence)],
    };

    private static EntityOperationSignaledEvent Signal(string operation) => new()
    {
        RequestId = "r", TargetInstanceId = Slots, Operation = operation, Timestamp = Now.UtcDateTime,
    };
}
