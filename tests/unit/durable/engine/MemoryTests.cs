using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.Engine.Turns;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>What instances and entities in memory keep of their inboxes.</summary>
public sealed class MemoryTests
{
    private static readonly DateTimeOffset s_now = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);

    [Fact]
    public void Timers_of_an_execution_that_is_over_are_forgotten_and_may_come_again_under_their_number()
    {
        var instance = new HotInstance(Snapshot("one", "run-1"), null!, new MisdatedTimers(TimeProvider.System));
        for (var number = 1; number <= 3; number++)
            instance.Deliver(Timer(number, number < 3 ? "run-1" : "run-2"));
        instance.DropExecution("run-1");
        Assert.Equal(s_now.AddDays(3), instance.NextVisible(s_now));
        instance.ExecutionId = "run-2";
        instance.DropTimers([3]);
        Assert.Null(instance.NextVisible(s_now));
        Assert.Null(instance.Ripen(s_now.AddYears(1)));
        Assert.Empty(instance.Ready);
    }

    [Fact]
    public void Operations_come_in_the_order_of_their_times_whatever_block_their_numbers_are_from()
    {
        var entity = new HotEntity(Snapshot("@counter@a", "e1"));
        entity.Deliver(Message(10_007, s_now.AddSeconds(2)));
        entity.Deliver(Message(20_005, s_now.AddSeconds(1)));
        entity.Deliver(Message(20_006, s_now.AddSeconds(1)));
        Assert.Equal([20_005, 20_006, 10_007], entity.Visible(s_now.AddSeconds(3)).Select(message => message.Sequence));
    }

    [Fact]
    public void What_was_not_meant_for_a_time_does_not_wait_for_the_clock_of_its_sender()
    {
        var instance = new HotInstance(Snapshot("one", "run-1"), null!, new MisdatedTimers(TimeProvider.System));
        instance.Deliver(Message(1, s_now.AddSeconds(10)));
        instance.Deliver(Timer(2, "run-1"));
        Assert.Equal(s_now.AddDays(2), instance.Ripen(s_now));
        Assert.Equal(1, Assert.Single(instance.Ready).Sequence);
        var entity = new HotEntity(Snapshot("@counter@a", "e1"));
        entity.Deliver(Message(3, s_now.AddSeconds(10)));
        entity.Deliver(new InboxMessage(4, "@counter@a", null, s_now.AddSeconds(10), new EntityOperationSignaledEvent
        {
            RequestId = "r", TargetInstanceId = "@counter@a", Operation = "set", ScheduledTime = s_now.AddSeconds(10).UtcDateTime,
        }));
        Assert.Equal(3, Assert.Single(entity.Visible(s_now)).Sequence);
        Assert.Equal(s_now.AddSeconds(10), entity.NextVisible(s_now));
    }

    [Fact]
    public void Word_of_rows_that_one_commit_consumed_by_the_thousand_counts_no_second_time()
    {
        var seen = new SeenSequences();
        long[] rows = [.. Enumerable.Range(0, 5000).Select(number => (long)number)];
        Assert.All(rows, row => Assert.True(seen.Add(row)));
        seen.Consumed(rows);
        for (var commit = 0; commit < 7; commit++)
            seen.Consumed([10_000 + commit]);
        Assert.All(rows, row => Assert.False(seen.Add(row)));
        for (var commit = 0; commit < 600; commit++)
            seen.Consumed([20_000 + commit]);
        Assert.True(seen.Add(0)); // and the memory is not for ever
    }

    private static InboxMessage Timer(int number, string execution) =>
        new(number, "one", execution, s_now.AddDays(number), new TimerFiredEvent { TimerId = number, FireAt = s_now.AddDays(number).UtcDateTime });

    private static InboxMessage Message(long sequence, DateTimeOffset visibleAt) => new(sequence, "@counter@a", null, visibleAt, new EventRaisedEvent { Name = "set" });

    private static InstanceSnapshot Snapshot(string id, string execution) => new()
    {
        InstanceId = id,
        ExecutionId = execution,
        Name = "name",
        Version = null,
        Status = OrchestrationRuntimeStatus.Running,
        Revision = 0,
        OpenTurn = false,
        NextHistoryRow = 0,
        History = [],
        Inbox = [],
    };
}
