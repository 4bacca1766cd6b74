using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <content>Timers that wait.</content>
public abstract partial class TaskHubContract
{
    [Fact]
    public async Task Timers_that_wait_for_later_are_told_as_they_were_made()
    {
        await StartAsync("one");
        await StartAsync("two");
        TimerFiredEvent Timer(int id, TimeSpan after, TimeSpan? delay) => new() { TimerId = id, FireAt = (Now + after).UtcDateTime, Delay = delay };
        var made = await WriteAsync(Turn("one", 0) with { Timers = [Timer(1, TimeSpan.FromHours(1), TimeSpan.FromHours(1)), Timer(2, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5))] });
        await WriteAsync(Turn("two", 0) with { Timers = [Timer(3, TimeSpan.FromDays(400), null)] });
        var timers = (await Hub.ReadTimersAsync(null, Now.AddSeconds(5), Token)).OrderBy(timer => timer.VisibleAt).ToArray();
        Assert.Equal(["one", "two"], timers.Select(timer => timer.InstanceId));
        Assert.Equal(made.Delivered[0], timers[0]);
        Assert.Null(Assert.IsType<TimerFiredEvent>(timers[1].Event).Delay);
        Assert.Equal("two", Assert.Single(await Hub.ReadTimersAsync(["two", "nobody"], Now, Token)).InstanceId);
        Assert.Empty(await Hub.ReadTimersAsync([], Now, Token));
        await WriteAsync(Turn("two", 1) with { HistoryRow = 1, CancelledTimers = [3] });
        await ChangeAsync("UPDATE inbox SET event = '{' WHERE timer_id = 1");
        Assert.Equal(2, Assert.IsType<TimerFiredEvent>(Assert.Single(await Hub.ReadTimersAsync(null, Now, Token)).Event).TimerId);
    }
}
