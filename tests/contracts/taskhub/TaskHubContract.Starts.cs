using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <content>How executions began.</content>
public abstract partial class TaskHubContract
{
    [Fact]
    public async Task The_start_of_an_execution_is_told_from_its_first_turn()
    {
        var input = new string('x', 40_000);
        var start = Start("one") with { Input = input, ParentTraceContext = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", ParentTraceState = "vendor=1" };
        await StartAsync("one");
        Assert.Null(await Hub.ReadStartAsync("one", "run-one", Token));
        var turn = Turn("one", 0);
        await WriteAsync(turn with { Events = [turn.Events[0], start, .. turn.Events.Skip(1)] });
        await WriteAsync(Turn("one", 1) with { HistoryRow = 1 });
        var told = await Hub.ReadStartAsync("one", "run-one", Token);
        Assert.Equal((start.ParentTraceContext, "vendor=1", input), (told?.ParentTraceContext, told?.ParentTraceState, told?.Input));
        Assert.Null(await Hub.ReadStartAsync("one", "run-other", Token));
        Assert.Null(await Hub.ReadStartAsync("nobody", "run-one", Token));
        await ChangeAsync("UPDATE history SET events = '[{'");
        Assert.Null(await Hub.ReadStartAsync("one", "run-one", Token));
    }
}
