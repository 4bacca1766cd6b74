using System.Collections.Concurrent;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Dispatch;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Engine;

/// <summary>Transactions that follow one another without a way over the dispatcher.</summary>
public sealed class FlightTests
{
    private const int Calls = 5;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_transactions_fail_and_whatever_turns_are_fenced_each_call_ends_once(int seed)
    {
        var random = new Random(seed);
        var failed = 0;
        await using var bench = new EngineBench(registry => registry
            .AddOrchestrator("Sums", default, () => new Sums())
            .AddActivityFunc<int, int>("Add", (_, input) => input));
        bench.Configure = options => options.HubRetryDelay = TimeSpan.Zero;
        MeddlingHub meddling = null!;
        bench.Decorate = hub => (meddling = new MeddlingHub(every: 11)
        {
            OnWrite = write =>
            {
                if (write is not CommitTurn || random.Next(60) != 0)
                    return write;
                failed++;
                throw new IOException("The hub is away for a moment.");
            },
        }).Over(hub);
        await bench.Engine.StartAsync(Token);
        string[] ids = [.. Enumerable.Range(0, 50).Select(number => $"sums{number}")];
        await Task.WhenAll(ids.Select(id => bench.Client.ScheduleNewOrchestrationInstanceAsync("Sums", 3, new StartOrchestrationOptions(id))));
        foreach (var id in ids)
        {
            var end = await bench.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Token).WaitAsync(TimeSpan.FromSeconds(60), Token);
            Assert.Equal((OrchestrationRuntimeStatus.Completed, Calls * 3), (end.RuntimeStatus, end.ReadOutputAs<int>()));
            var history = await bench.Hub.ReadHistoryAsync(id, Token);
            Assert.Equal(Enumerable.Range(0, Calls), history!.OfType<TaskCompletedEvent>().Select(one => one.TaskScheduledId));
        }
        Assert.True(failed > 0 && meddling.Fenced > 0);
    }

    [Fact]
    public async Task What_is_offered_follows_at_once_and_nothing_follows_a_failure()
    {
        using var first = new SemaphoreSlim(0);
        using var second = new SemaphoreSlim(0);
        var seen = new ConcurrentQueue<string>();
        await using var bench = new EngineBench(_ => { });
        bench.Decorate = inner => new MeddlingHub(int.MaxValue)
        {
            OnWrite = write =>
            {
                var name = ((NoteReason)write).InstanceId;
                seen.Enqueue(name);
                (name == "first" ? first : second).Wait(Token);
                return name == "first" ? write : throw new IOException("away");
            },
        }.Over(inner);
        var hub = bench.Hub;
        await hub.OpenAsync(Token);
        var inputs = new EngineInputs();
        using var committer = new HubCommitter(hub, inputs);

        var flight = committer.LaunchAsync(Of("first"), Token);
        committer.Offer(Of("second"));
        Assert.True(committer.TryTakeBack());
        committer.Offer(Of("more"));
        first.Release();
        await LandedAsync(inputs, failed: false);
        Assert.False(committer.TryTakeBack());
        Assert.False(committer.IsIdle);
        committer.Offer(Of("third"));
        second.Release();
        await LandedAsync(inputs, failed: true);
        await flight;
        Assert.True(committer.IsIdle);
        Assert.True(committer.TryTakeBack());
        Assert.Equal(["first", "more"], seen);
    }

    private static HubWrite[] Of(string name) => [new NoteReason(name, "")];

    private static async Task LandedAsync(EngineInputs inputs, bool failed)
    {
        await inputs.WaitAsync(Token);
        Assert.True(inputs.TryRead(out var input));
        Assert.Equal(failed, Assert.IsType<Landed>(input).Failure is not null);
    }

    private sealed class Sums : TaskOrchestrator<int, int>
    {
        public override async Task<int> RunAsync(TaskOrchestrationContext context, int input)
        {
            var sum = 0;
            for (var call = 0; call < Calls; call++)
                sum += await context.CallActivityAsync<int>("Add", input);
            return sum;
        }
    }
}
