using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using SnapshotWorkflows.Tests.Support.Postgres;
using Xunit;

namespace SnapshotWorkflows.Tests.Nodes;

/// <summary>Several nodes on one PostgreSQL, and clients that use them over HTTP and write down what they were promised.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    private const string Base = "/runtime/webhooks/durabletask";

    private readonly PostgresFixture _postgres;
    private readonly string _folder = Directory.CreateTempSubdirectory("swf-nodes-").FullName;
    /// <summary>Longer than a node sleeps: a start that was given up and is read by a node that wakes begins an order anew that has ended meanwhile, as it has to.</summary>
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(40) };
    private readonly ConcurrentDictionary<int, NodeProcess> _nodes = [];
    private readonly ConcurrentDictionary<string, string> _outputs = [];
    /// <summary>What clients were told before they were told what they wanted, by instance.</summary>
    private readonly ConcurrentDictionary<string, string> _tries = [];
    private string? _key;

    private Cluster(PostgresFixture postgres, string connection) => (_postgres, Connection) = (postgres, connection);

    public string Connection { get; }

    /// <summary>Output by instance, of all that were seen to have completed.</summary>
    public IReadOnlyDictionary<string, string> Outputs => _outputs;

    public static async Task<Cluster> StartAsync()
    {
        var postgres = await PostgresFixture.StartAsync();
        var cluster = new Cluster(postgres, await postgres.CreateDatabaseAsync());
        await cluster.ExecuteAsync("CREATE TABLE public.ticks (name text NOT NULL, occurrence bigint NOT NULL, past_due boolean NOT NULL, node integer NOT NULL)");
        return cluster;
    }

    public async Task<NodeProcess> StartNodeAsync(int place, string version = "1", int? schema = null, string more = "")
    {
        var settings = NodeSettings.OnPostgres(Path.Combine(_folder, "secrets"), Connection, version, schema, more);
        var node = await NodeProcess.StartAsync(Path.Combine(_folder, $"node{place}"), settings);
        _key ??= JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(_folder, "secrets", "host.json"))).RootElement.GetProperty("masterKey").GetProperty("value").GetString();
        _nodes[place] = node;
        return node;
    }

    public async Task KillNodeAsync(int place)
    {
        if (!_nodes.TryRemove(place, out var node))
            return;
        await node.KillAsync();
        node.Dispose();
    }

    public NodeProcess Node(int place) => _nodes[place];

    /// <summary>One order from its start to its end, over whatever nodes there are.</summary>
    public async Task OrderAsync(string id, Random random, CancellationToken giveUp)
    {
        // 409: an earlier try got through and its answer was lost.
        await UntilAsync(() => PostAsync(random, $"/orchestrators/Order/{id}", 7), [HttpStatusCode.Accepted, HttpStatusCode.Conflict], id, giveUp);
        await UntilAsync(() => PostAsync(random, $"/instances/{id}/raiseEvent/Go", "go"), [HttpStatusCode.Accepted, HttpStatusCode.Gone], id, giveUp);
        while (true)
        {
            var (code, body) = await SendAsync(random, HttpMethod.Get, $"/instances/{id}", null);
            if (code == HttpStatusCode.OK && JsonDocument.Parse(body).RootElement is var status && status.GetProperty("runtimeStatus").GetString() is { } state)
            {
                if (state != "Completed")
                    throw new InvalidOperationException($"{id} ended as {state}: {body}");
                _outputs[id] = status.GetProperty("output").ToString();
                return;
            }
            if (giveUp.IsCancellationRequested)
                throw new TimeoutException($"{id} has not ended: {code} {body}");
            // Real time: a client that polls, as those of the field do.
            await Task.Delay(200, CancellationToken.None);
        }
    }

    /// <summary>Id, status and output of every instance, as one node tells it over HTTP, page by page.</summary>
    public async Task<Dictionary<string, (string Status, string Output)>> ListAsync(int place)
    {
        var found = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        string? token = null;
        do
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Node(place).Address, $"{Base}/instances?top=100"));
            request.Headers.Add("x-functions-key", _key);
            if (token is not null)
                request.Headers.Add("x-ms-continuation-token", token);
            using var answer = await _http.SendAsync(request);
            answer.EnsureSuccessStatusCode();
            foreach (var one in JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.EnumerateArray())
                found.Add(one.GetProperty("instanceId").GetString()!, (one.GetProperty("runtimeStatus").GetString()!, one.GetProperty("output").ToString()));
            token = answer.Headers.TryGetValues("x-ms-continuation-token", out var next) ? next.Single() : null;
        }
        while (!string.IsNullOrEmpty(token));
        return found;
    }

    public IReadOnlyCollection<int> Places => [.. _nodes.Keys];

    /// <summary>Asks a node, and expects a 2xx; null when the node is gone.</summary>
    public async Task<JsonElement?> AskAsync(int place, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Node(place).Address, Base + path)) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("x-functions-key", _key);
        try
        {
            using var answer = await _http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            if (answer.StatusCode == HttpStatusCode.NotFound)
                return null;
            Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {text}");
            return text.Length == 0 ? default(JsonElement) : JsonDocument.Parse(text).RootElement;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return null;
        }
    }

    public Task<JsonElement?> FindAsync(int place, string id) => AskAsync(place, HttpMethod.Get, $"/instances/{id}");

    /// <summary>The status of an instance once it has ended.</summary>
    public async Task<JsonElement> EndAsync(int place, string id)
    {
        while (true)
        {
            if (await FindAsync(place, id) is { } status && status.GetProperty("runtimeStatus").GetString() is "Completed" or "Failed" or "Terminated")
                return (await FindAsync(place, id))!.Value;
            // Real time: from outside nothing tells of an end but another look.
            await Task.Delay(100, CancellationToken.None);
        }
    }

    /// <summary>What lives, for whoever expected nothing to.</summary>
    public async Task<string> LivingAsync()
    {
        await using var connection = new NpgsqlConnection(Connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT coalesce(string_agg(concat_ws(' ', instance_id, name, 'status', status, 'revision', revision, 'owner', owner, reason), '; '), '') FROM nodes.instances WHERE ended_at IS NULL", connection);
        var living = (string)(await command.ExecuteScalarAsync())!;
        return living.Length == 0 ? "" : $"{living}\n{string.Join('\n', _tries.Where(tried => living.Contains(tried.Key, StringComparison.Ordinal)).Select(tried => $"{tried.Key}: {tried.Value}"))}";
    }

    public async Task<long> CountAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Every completed parcel, and whose it is.</summary>
    public async Task<List<(string Parent, string ParentExecution, bool IsOfLatestRun)>> ParcelsAsync()
    {
        await using var connection = new NpgsqlConnection(Connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            SELECT p.parent_id, started.parent, started.parent = o.execution_id FROM nodes.instances p
            JOIN LATERAL (SELECT e->'parentInstance'->'orchestrationInstance'->>'executionId' AS parent
                FROM nodes.history h, json_array_elements(h.events::json) e WHERE h.instance_id = p.instance_id AND e->>'type' = 'ExecutionStarted') started ON true
            JOIN nodes.instances o ON o.instance_id = p.parent_id
            WHERE p.name = 'Parcel' AND p.status = 1
            """, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var parcels = new List<(string, string, bool)>();
        while (await reader.ReadAsync())
            parcels.Add((reader.GetString(0), reader.GetString(1), reader.GetBoolean(2)));
        return parcels;
    }

    /// <summary>Every history of the hub.</summary>
    public async Task<Dictionary<string, List<JsonElement>>> HistoriesAsync()
    {
        await using var connection = new NpgsqlConnection(Connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT instance_id, events FROM nodes.history ORDER BY instance_id, turn", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var histories = new Dictionary<string, List<JsonElement>>(StringComparer.Ordinal);
        while (await reader.ReadAsync())
        {
            if (!histories.TryGetValue(reader.GetString(0), out var events))
                histories[reader.GetString(0)] = events = [];
            events.AddRange(JsonDocument.Parse(reader.GetString(1)).RootElement.EnumerateArray());
        }
        return histories;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var place in _nodes.Keys)
            await KillNodeAsync(place);
        _http.Dispose();
        await _postgres.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private Task<(HttpStatusCode Code, string Body)> PostAsync(Random random, string path, object body) => SendAsync(random, HttpMethod.Post, path, JsonContent.Create(body));

    /// <summary>To any node that runs; 503 when there was no answer.</summary>
    private async Task<(HttpStatusCode Code, string Body)> SendAsync(Random random, HttpMethod method, string path, HttpContent? content)
    {
        var nodes = _nodes.Values.ToArray();
        if (nodes.Length == 0)
            return (HttpStatusCode.ServiceUnavailable, "no node runs");
        int chosen;
        lock (random)
            chosen = random.Next(nodes.Length);
        using var request = new HttpRequestMessage(method, new Uri(nodes[chosen].Address, Base + path)) { Content = content };
        request.Headers.Add("x-functions-key", _key);
        try
        {
            using var answer = await _http.SendAsync(request);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or IOException)
        {
            return (HttpStatusCode.ServiceUnavailable, exception.Message);
        }
    }

    private async Task UntilAsync(Func<Task<(HttpStatusCode Code, string Body)>> send, HttpStatusCode[] wanted, string id, CancellationToken giveUp)
    {
        while (true)
        {
            var (code, body) = await send();
            if (wanted.Contains(code))
                return;
            _tries.AddOrUpdate(id, _ => $"{code} {body}", (_, before) => $"{before} | {code} {body}");
            if (giveUp.IsCancellationRequested)
                throw new TimeoutException($"{id}: {code} {body}");
            // Real time: a client that tries again while the node it asked is being killed; nothing tells it when another try is worth while.
            await Task.Delay(100, CancellationToken.None);
        }
    }
}
