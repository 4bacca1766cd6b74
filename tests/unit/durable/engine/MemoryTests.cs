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
        var instance = new HotInstance(Snapshot("one", "run-1"), null!);
        for (var number = 1; number <= 3; number++)
            instance.Deliver(Timer(number, number < 3 ? "run-1" : "run-2"));
        instance.DropExecution("run-1");
        Assert.Equal(s_now.AddDays(3), instance.NextVisible);
        instance.ExecutionId = "run-2";
        instance.DropTimers([3]);
        Assert.Null(instance.NextVisible);
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
