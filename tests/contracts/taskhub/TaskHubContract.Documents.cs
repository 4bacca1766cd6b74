using SnapshotWorkflows.Durable.Engine.Hub;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <content>Small texts of the host, swapped by revision: what "one firing over all nodes" rests on.</content>
public abstract partial class TaskHubContract
{
    [Fact]
    public async Task A_document_is_swapped_by_whoever_knows_its_revision()
    {
        var missing = await WriteAsync(StoreDocument.Read("timer"));
        Assert.Equal((WriteOutcome.Fenced, null), (missing.Outcome, missing.Document));
        var made = await WriteAsync(new StoreDocument("timer", 0, "a"));
        Assert.Equal((WriteOutcome.Done, new HubDocument(1, "a")), (made.Outcome, made.Document));

        var late = await WriteAsync(new StoreDocument("timer", 0, "b"));
        Assert.Equal((WriteOutcome.Fenced, new HubDocument(1, "a")), (late.Outcome, late.Document));
        var swapped = await WriteAsync(new StoreDocument("timer", 1, "c"));
        Assert.Equal((WriteOutcome.Done, new HubDocument(2, "c")), (swapped.Outcome, swapped.Document));
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(new StoreDocument("timer", 1, "d"))).Outcome);
        Assert.Equal(WriteOutcome.Fenced, (await WriteAsync(new StoreDocument("other", 3, "d"))).Outcome);
        Assert.Equal(new HubDocument(2, "c"), (await WriteAsync(StoreDocument.Read("timer"))).Document);
    }

    [Fact]
    public async Task Two_swaps_of_one_revision_in_one_transaction_are_one()
    {
        await WriteAsync(new StoreDocument("timer", 0, "a"));
        var results = await Hub.CommitAsync([new StoreDocument("timer", 1, "mine"), new StoreDocument("timer", 1, "yours")], Token);
        Assert.Equal([WriteOutcome.Done, WriteOutcome.Fenced], results.Select(result => result.Outcome));
        Assert.Equal(new HubDocument(2, "mine"), results[1].Document);
    }

    [Fact]
    public async Task Of_many_swaps_at_once_one_wins()
    {
        var swaps = await Task.WhenAll(Enumerable.Range(0, 16).Select(index => Task.Run(async () => (await Hub.CommitAsync([new StoreDocument("timer", 0, $"{index}")], Token))[0])));
        var won = Assert.Single(swaps, swap => swap.Outcome == WriteOutcome.Done);
        Assert.All(swaps, swap => Assert.Equal(won.Document, swap.Document));
    }

    [Fact]
    public async Task A_document_is_there_for_the_next_owner()
    {
        await WriteAsync(new StoreDocument("timer", 0, "a"));
        Hub = await ReopenAsync(Hub);
        await Hub.OpenAsync(Token);
        Assert.Equal(new HubDocument(1, "a"), (await WriteAsync(StoreDocument.Read("timer"))).Document);
    }
}
