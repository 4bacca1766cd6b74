using SnapshotWorkflows.Durable.TaskHubs.Postgres;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>What the driver throws at a cancellation, because its connection is breaking just then, does not reach the one who cancels: often a timer's thread, on which it would end the process.</summary>
public sealed class DriverCancellationTests
{
    [Fact]
    public async Task What_a_broken_connection_throws_stays_with_the_driver()
    {
        using var source = new CancellationTokenSource();
        using var driver = new DriverCancellation(source.Token);
        var heard = false;
        using var first = driver.Token.Register(() => heard = true);
        using var second = driver.Token.Register(() => throw new ObjectDisposedException("the connection"));
        await source.CancelAsync();
        Assert.True(heard);
        Assert.True(driver.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task Anything_else_is_told()
    {
        using var source = new CancellationTokenSource();
        using var driver = new DriverCancellation(source.Token);
        using var defect = driver.Token.Register(() => throw new InvalidOperationException("a defect"));
        await Assert.ThrowsAsync<AggregateException>(source.CancelAsync);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_after_its_use_does_nothing()
    {
        using var source = new CancellationTokenSource();
        var driver = new DriverCancellation(source.Token);
        using var late = driver.Token.Register(() => throw new InvalidOperationException("late"));
        driver.Dispose();
        await source.CancelAsync();
        Assert.False(late.Token.IsCancellationRequested);
    }
}
