using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Xunit;

namespace SnapshotWorkflows.Tests.Nodes;

/// <summary>
/// Real processes on one PostgreSQL, killed at seeded moments under load and looked at from outside. Short here; longer with NODES_SECONDS=120, another run with
/// NODES_SEED=n.
/// </summary>
public sealed class ManyProcessesTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private static readonly int s_seed = Number("NODES_SEED", 20261126);

    [Theory]
    [InlineData(2, 6)]
    [InlineData(3, 6)]
    public async Task Nodes_killed_at_random_lose_nothing_and_record_nothing_twice(int nodes, int seconds)
    {
        await using var cluster = await Cluster.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, nodes).Select(place => cluster.StartNodeAsync(place)));
        var killed = new int[nodes];
        await LoadAsync(cluster, Number("NODES_SECONDS", seconds), async (random, over) =>
        {
            while (!over.IsCancellationRequested)
            {
                await PauseAsync(TimeSpan.FromMilliseconds(random.Next(300, 2500)), over);
                var place = random.Next(nodes);
                await cluster.KillNodeAsync(place);
                killed[place]++;
                await cluster.StartNodeAsync(place);
            }
        });
        output.WriteLine($"{cluster.Outputs.Count} orders over {nodes} nodes, {string.Join(" + ", killed)} kills, seed {s_seed}");
        Assert.NotEqual(0, killed.Sum());
        if (Number("NODES_SECONDS", 0) >= 30)
            Assert.DoesNotContain(0, killed);
        Assert.All(cluster.Outputs.Values, text => Assert.Equal("1 1 3", text));
        await CheckAsync(cluster);
    }

    [Fact]
    public async Task A_node_that_sleeps_past_its_lease_is_fenced_off_when_it_wakes()
    {
        await using var cluster = await Cluster.StartAsync();
        await cluster.StartNodeAsync(0);
        await cluster.StartNodeAsync(1);
        await LoadAsync(cluster, Number("NODES_SECONDS", 8), async (_, over) =>
        {
            while (!over.IsCancellationRequested)
            {
                // Real time: the lease of these nodes is 5 s, by the clocks of several processes and their database.
                await cluster.Node(1).SignalAsync("STOP");
                await Task.Delay(TimeSpan.FromSeconds(6.5), CancellationToken.None);
                await cluster.Node(1).SignalAsync("CONT");
                await PauseAsync(TimeSpan.FromSeconds(1), over);
            }
        });
        Assert.True(await cluster.CountAsync("SELECT count(*) FROM nodes.nodes WHERE left_at IS NOT NULL") > 0);
        await CheckAsync(cluster);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Two_releases_side_by_side_end_every_instance_on_its_own_version(int olderSchema)
    {
        await using var cluster = await Cluster.StartAsync();
        await cluster.StartNodeAsync(0, "1", olderSchema);
        await LoadAsync(cluster, Number("NODES_SECONDS", 8), async (_, over) =>
        {
            // Migrates the schema under the older node, which goes on.
            await cluster.StartNodeAsync(1, "2");
            await PauseAsync(TimeSpan.FromSeconds(3), CancellationToken.None);
            await cluster.KillNodeAsync(0);
            await cluster.StartNodeAsync(0, "1", olderSchema);
            await PauseAsync(TimeSpan.FromDays(1), over);
        });
        output.WriteLine($"{cluster.Outputs.Count} orders, {cluster.Outputs.Values.Count(text => text.StartsWith('2'))} of them on version 2");
        Assert.Equal(["1 1 3", "2 2 3"], cluster.Outputs.Values.Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(5, await cluster.CountAsync("SELECT version::bigint FROM nodes.hub"));
        Assert.Equal(0, await cluster.CountAsync("SELECT count(*) FROM nodes.instances WHERE name = 'Order' AND output NOT LIKE '\"' || version || ' %'"));
        await CheckAsync(cluster);
    }

    /// <summary>Eight clients send orders while <paramref name="trouble"/> goes on; then all that were accepted have to end.</summary>
    private static async Task LoadAsync(Cluster cluster, int seconds, Func<Random, CancellationToken, Task> trouble)
    {
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        using var stop = new CancellationTokenSource();
        using var giveUp = new CancellationTokenSource();
        var numbers = 0;
        var clients = Enumerable.Range(0, 8).Select(client => Task.Run(async () =>
        {
            var random = new Random(s_seed + client);
            while (!stop.IsCancellationRequested)
                await cluster.OrderAsync($"order{Interlocked.Increment(ref numbers):00000}", random, giveUp.Token);
        })).ToArray();
        await trouble(new Random(s_seed), over.Token);
        await stop.CancelAsync();
        giveUp.CancelAfter(s_patience);
        await Task.WhenAll(clients);
        Assert.Equal(numbers, cluster.Outputs.Count);
    }

    private static async Task CheckAsync(Cluster cluster)
    {
        Assert.Equal("", await cluster.LivingAsync());
        Assert.Equal(0, await cluster.CountAsync("SELECT count(*) FROM nodes.activities"));
        Assert.Equal(0, await cluster.CountAsync("SELECT count(*) FROM nodes.inbox"));
        Assert.Equal(cluster.Outputs.Count, await cluster.CountAsync("SELECT count(*) FROM nodes.instances WHERE name = 'Order' AND status = 1"));
        // A client's start that was late in coming, behind the one that it tried again with, begins an ended order anew; the former run's parcel stays. Then, and only then, there are more.
        var parcels = await cluster.ParcelsAsync();
        Assert.All(parcels.GroupBy(parcel => parcel.ParentExecution), run => Assert.Single(run));
        Assert.Equal(cluster.Outputs.Keys.Order(), parcels.Where(parcel => parcel.IsOfLatestRun).Select(parcel => parcel.Parent).Order());
        // From outside, over HTTP, every node tells the same: what was promised has come to be, and nothing else.
        foreach (var place in cluster.Places)
        {
            var told = await cluster.ListAsync(place);
            Assert.Equal(cluster.Outputs.Count + parcels.Count, told.Count);
            Assert.All(told.Values, one => Assert.Equal("Completed", one.Status));
            Assert.All(cluster.Outputs, order => Assert.Equal(order.Value, told[order.Key].Output));
        }
        foreach (var (id, events) in await cluster.HistoriesAsync())
        {
            AssertModel(id, events);
            AssertOnceEach(id, events, "TaskScheduled", "TaskCompleted", "taskScheduledId");
            AssertOnceEach(id, events, "SubOrchestrationInstanceCreated", "SubOrchestrationInstanceCompleted", "taskScheduledId");
            AssertOnceEach(id, events, "TimerCreated", "TimerFired", "timerId");
            Assert.Single(events, one => Kind(one) == "ExecutionCompleted");
        }
        // An occurrence whose node was killed in mid-run is run again, and says that it is past due.
        Assert.Equal(0, await cluster.CountAsync("SELECT count(*) FROM (SELECT 1 FROM public.ticks WHERE NOT past_due GROUP BY name, occurrence HAVING count(*) > 1) twice"));
        Assert.NotEqual(0, await cluster.CountAsync("SELECT count(*) FROM public.ticks WHERE name = 'beat'"));
        if (Number("NODES_SECONDS", 0) >= 70)
            Assert.NotEqual(0, await cluster.CountAsync("SELECT count(*) FROM public.ticks WHERE name = 'tick'"));
    }

    /// <summary>What an order or a parcel has to have done, by the sources of its version: these calls with these results, no more and no fewer.</summary>
    private static void AssertModel(string id, List<JsonElement> events)
    {
        var name = events.First(one => Kind(one) == "ExecutionStarted").GetProperty("name").GetString();
        var version = events.First(one => Kind(one) == "ExecutionStarted").GetProperty("version").GetString();
        string[] model = name == "Order" ? ["Work 7", "Work 0", "Work 1", "Work 2", .. version == "1" ? Array.Empty<string>() : ["Audit 0"]] : ["Work 3"];
        var results = events.Where(one => Kind(one) == "TaskCompleted").ToDictionary(one => one.GetProperty("taskScheduledId").GetInt32(), one => one.GetProperty("result").ToString());
        var calls = events.Where(one => Kind(one) == "TaskScheduled").Select(one => $"{one.GetProperty("name").GetString()} {results.GetValueOrDefault(one.GetProperty("eventId").GetInt32())}");
        Assert.True(model.SequenceEqual(calls), $"{id}: {string.Join(", ", calls)}");
        Assert.Equal(name == "Order" ? 1 : 0, events.Count(one => Kind(one) == "TimerFired"));
        Assert.Equal(name == "Order" ? 1 : 0, events.Count(one => Kind(one) == "SubOrchestrationInstanceCompleted"));
    }

    private static void AssertOnceEach(string id, List<JsonElement> events, string begin, string end, string link)
    {
        var begun = events.Where(one => Kind(one) == begin).Select(one => one.GetProperty("eventId").GetInt32()).Order().ToArray();
        var ended = events.Where(one => Kind(one) == end).Select(one => one.GetProperty(link).GetInt32()).Order().ToArray();
        Assert.True(begun.SequenceEqual(ended), $"{id}: {begin} {string.Join(',', begun)}; {end} {string.Join(',', ended)}");
    }

    private static string? Kind(JsonElement one) => one.GetProperty("type").GetString();

    private static async Task PauseAsync(TimeSpan time, CancellationToken over) => await Task.Delay(time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
