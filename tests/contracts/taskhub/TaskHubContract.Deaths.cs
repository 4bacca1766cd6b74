using SnapshotWorkflows.Durable.Engine.Hub;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <content>Deaths of owners: counted at one revision of what they had under way, so that poison work can be told from what only stood near it.</content>
public abstract partial class TaskHubContract
{
    [Fact]
    public async Task Three_deaths_make_a_suspect_and_from_then_on_only_trials_count()
    {
        await StartAsync("one");
        await WriteAsync(Turn("one", 0) with { Activities = [Activity("one", 0)] });
        for (var death = 1; death <= PendingWork.SuspectAfter; death++)
        {
            Assert.Empty((await Hub.ReadPendingWorkAsync(Token)).Suspects);
            await DieAsync();
        }
        Assert.Equal(["one"], (await Hub.ReadPendingWorkAsync(Token)).Suspects);
        await DieAsync();
        Assert.Equal(["one"], (await Hub.ReadPendingWorkAsync(Token)).Suspects);
        Assert.Equal(4, (await WriteAsync(new BeginTrial("one"))).Count);
        await DieAsync();
        Assert.Equal(["one"], (await Hub.ReadPendingWorkAsync(Token)).Suspects);
        Assert.Equal(5, (await WriteAsync(new BeginTrial("one"))).Count);
        // A turn gets through: nothing is held against it any more.
        Assert.Equal(WriteOutcome.Done, (await WriteAsync(Turn("one", 1))).Outcome);
        Assert.Empty((await Hub.ReadPendingWorkAsync(Token)).Suspects);
        Assert.Equal(0, (await WriteAsync(new BeginTrial("one"))).Count);
        await DieAsync();
        Assert.Empty((await Hub.ReadPendingWorkAsync(Token)).Suspects);
    }

    [Fact]
    public async Task An_owner_that_goes_in_order_is_no_death_and_an_acquitted_instance_is_no_suspect()
    {
        await StartAsync("one");
        for (var death = 1; death <= PendingWork.SuspectAfter; death++)
        {
            await DieAsync();
            await Hub.ReadPendingWorkAsync(Token);
        }
        await WriteAsync(new Acquit("one"));
        Assert.Empty((await Hub.ReadPendingWorkAsync(Token)).Suspects);
        for (var stop = 0; stop <= PendingWork.SuspectAfter; stop++)
        {
            Hub = await ReopenAsync(Hub);
            await Hub.OpenAsync(Token);
            Assert.Empty((await Hub.ReadPendingWorkAsync(Token)).Suspects);
        }
    }

    [Fact]
    public async Task The_attempts_of_a_call_are_told_with_it()
    {
        await StartAsync("one");
        await WriteAsync(Turn("one", 0) with { Activities = [Activity("one", 0)] });
        await DieAsync();
        Assert.Equal(1, Assert.Single((await Hub.ReadPendingWorkAsync(Token)).Activities).Attempts);
        await WriteAsync(new ClaimActivity(Activity("one", 0).Key));
        await DieAsync();
        Assert.Equal(2, Assert.Single((await Hub.ReadPendingWorkAsync(Token)).Activities).Attempts);
    }

    private async Task DieAsync()
    {
        Hub = await InheritAsync(Hub);
        await Hub.OpenAsync(Token);
    }
}
