using Npgsql;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.TaskHubs.Postgres;
using SnapshotWorkflows.Tests.Support.Postgres;
using SnapshotWorkflows.Tests.Support.Time;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>The turns that the server makes by a function of the schema hold under the same conditions as any other; where one does not hold nothing of it is written.</summary>
public sealed class TurnFunctionTests(PostgresServer server) : IAsyncLifetime
{
    private const string HubName = "functions";

    private string _database = "";
    private PostgresTaskHub _hub = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public enum Way
    {
        /// <summary>By itself, and goes on.</summary>
        Alone,

        /// <summary>By itself, and ends.</summary>
        Last,

        /// <summary>With a turn of another instance, which holds.</summary>
        Together,
    }

    public static TheoryData<Way, string> Wrongs =>
        [.. from way in Enum.GetValues<Way>() from wrong in (string[])["revision", "execution", "attempt", "call", "owner"] select (way, wrong)];

    public async ValueTask InitializeAsync()
    {
        _database = await server.Cluster.CreateDatabaseAsync();
        _hub = new PostgresTaskHub(new PostgresHubOptions { ConnectionString = _database, HubName = HubName, Lease = TimeSpan.FromMinutes(5) }, new ManualTimeProvider(TaskHubContract.Now));
        await _hub.OpenAsync(Token);
    }

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Theory]
    [MemberData(nameof(Wrongs))]
    public async Task A_turn_that_no_longer_holds_is_fenced_and_leaves_no_trace(Way way, string wrong)
    {
        await CommitAsync(Begun("one"), Begun("two"));
        var turn = Second("one", way);
        var late = wrong switch
        {
            "revision" => turn with { Revision = 0 },
            "execution" => turn with { ExecutionId = "another" },
            "attempt" => turn with { ConsumedActivities = [(0, 2)] },
            "call" => turn with { ConsumedActivities = [(5, 1)] },
            _ => turn,
        };
        if (wrong == "owner")
            await ExecuteAsync("UPDATE instances SET owner = NULL WHERE instance_id = 'one'");
        var before = await RowsAsync();
        var results = way == Way.Together ? await CommitAsync(Second("two", way), late) : await CommitAsync(late);
        Assert.Equal(WriteOutcome.Fenced, results[^1].Outcome);
        Assert.Equal(before, await RowsAsync());
        Assert.All(results.SkipLast(1), result => Assert.Equal(WriteOutcome.Done, result.Outcome));
        if (wrong != "owner")
            Assert.Equal(WriteOutcome.Done, (await CommitAsync(turn))[0].Outcome);
    }

    [Fact]
    public async Task A_start_of_what_lives_is_refused_and_one_of_what_has_ended_replaces_it()
    {
        await CommitAsync(Begun("one"));
        Assert.Equal(WriteOutcome.Refused, (await CommitAsync(Begun("one")))[0].Outcome);
        await CommitAsync(Second("one", Way.Last));
        var again = (await CommitAsync(Begun("one")))[0];
        Assert.Equal((WriteOutcome.Done, true), (again.Outcome, again.TookFirstTurn));
        Assert.Equal(WriteOutcome.Done, (await CommitAsync(Second("one", Way.Alone)))[0].Outcome);
    }

    private static StartInstance Begun(string id) => new(TaskHubContract.Start(id), TaskHubContract.Now, new HashSet<OrchestrationRuntimeStatus>())
    {
        FirstTurn = TaskHubContract.Turn(id, 0) with { Activities = [TaskHubContract.Activity(id, 0) with { Claimed = true }] },
    };

    private static CommitTurn Second(string id, Way way) => way == Way.Last
        ? TaskHubContract.Turn(id, 1) with { ConsumedActivities = [(0, 1)], Status = OrchestrationRuntimeStatus.Completed, Output = "\"done\"" }
        : TaskHubContract.Turn(id, 1) with { ConsumedActivities = [(0, 1)], Activities = [TaskHubContract.Activity(id, 1) with { Claimed = true }] };

    private async Task<IReadOnlyList<WriteResult>> CommitAsync(params HubWrite[] writes) => await _hub.CommitAsync(writes, Token);

    /// <summary>All that the hub holds of the first instance.</summary>
    private async Task<string?> RowsAsync() => (string?)await ExecuteAsync(
        """
        SELECT (SELECT jsonb_agg(to_jsonb(i)) FROM instances i WHERE instance_id = 'one')::text
            || (SELECT jsonb_agg(to_jsonb(a)) FROM activities a WHERE instance_id = 'one')::text || (SELECT jsonb_agg(to_jsonb(h)) FROM history h WHERE instance_id = 'one')::text
        """);

    private async Task<object?> ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection($"{_database};Pooling=false;Search Path={HubName}");
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Token);
    }
}
