using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine.Hub;
using SnapshotWorkflows.Durable.History;
using Xunit;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <content>Random writes, sound and stale ones in one transaction, beside a dictionary that says what must come of them.</content>
public abstract partial class TaskHubContract
{
    private static readonly string[] s_ids = ["a", "b", "c"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Random_writes_come_out_as_in_the_model(int seed)
    {
        var model = new Model(new Random(seed));
        for (var round = 0; round < 60; round++)
        {
            var units = Enumerable.Range(0, model.Random.Next(1, 6)).Select(_ => model.Next()).ToArray();
            var results = await Hub.CommitAsync([.. units.Select(unit => unit.Write)], Token);
            for (var index = 0; index < units.Length; index++)
            {
                Assert.True(units[index].Outcome == results[index].Outcome, $"seed {seed}, round {round}, unit {index}: {results[index].Outcome} instead of {units[index].Outcome} for {units[index].Write}");
                Assert.Equal(units[index].Delivers.Count, results[index].Delivered.Count);
                foreach (var (message, delivered) in units[index].Delivers.Zip(results[index].Delivered))
                    message.Sequence = delivered.Sequence;
            }
            if (round % 20 == 19)
            {
                Hub = await ReopenAsync(Hub);
                await Hub.OpenAsync(Token);
            }
            await CompareAsync(model, $"seed {seed}, round {round}");
        }
        Assert.True(model.Fenced > 10, $"only {model.Fenced} writes were fenced: the model tries too little");
    }

    private async Task CompareAsync(Model model, string where)
    {
        foreach (var id in s_ids)
        {
            var expected = model.Rows.GetValueOrDefault(id);
            var loaded = await Hub.LoadAsync(id, Token);
            Assert.True((expected is { Ended: false }) == (loaded is not null), where);
            Assert.Equal(expected is null, await Hub.ReadInstanceAsync(id, false, Token) is null);
            if (expected is null || loaded is null)
                continue;
            Assert.Equal((where, expected.Revision, (int)expected.Revision), (where, loaded.Revision, loaded.NextHistoryRow));
            Assert.Equal(expected.Inbox.Select(message => message.Sequence), loaded.Inbox.Select(message => (long?)message.Sequence));
        }
        var calls = (await Hub.ReadPendingWorkAsync(Token)).Activities.Select(one => (one.Key.InstanceId, one.Key.TaskId)).Order();
        Assert.Equal(model.Rows.SelectMany(row => row.Value.Calls.Keys.Select(task => (row.Key, task))).Order(), calls);
    }

    private sealed class Message
    {
        public long? Sequence { get; set; }
    }

    private sealed class Row
    {
        public long Revision { get; set; }

        public bool Ended { get; set; }

        public int NextTask { get; set; }

        public List<Message> Inbox { get; } = [];

        /// <summary>Open calls and their current attempts.</summary>
        public Dictionary<int, int> Calls { get; } = [];
    }

    private sealed record Unit(HubWrite Write, WriteOutcome Outcome, IReadOnlyList<Message> Delivers);

    private sealed class Model(Random random)
    {
        public Random Random => random;

        public Dictionary<string, Row> Rows { get; } = [];

        public int Fenced { get; private set; }

        public Unit Next()
        {
            var id = s_ids[random.Next(s_ids.Length)];
            var unit = random.Next(12) switch
            {
                0 or 1 => StartOf(id),
                2 or 3 => SendTo(id),
                4 => ClaimOf(id),
                5 or 6 => CompletionOf(id),
                7 => PurgeOf(id),
                _ => TurnOf(id),
            };
            if (unit.Outcome == WriteOutcome.Fenced)
                Fenced++;
            return unit;
        }

        private Unit StartOf(string id)
        {
            var write = new StartInstance(Start(id), Now, s_refuseLive);
            var first = random.Next(3);
            if (first > 0)
            {
                write = write with
                {
                    FirstTurn = Turn(id, 0) with
                    {
                        Status = first == 1 ? OrchestrationRuntimeStatus.Completed : OrchestrationRuntimeStatus.Running,
                        Activities = first == 1 ? [] : [.. Enumerable.Range(0, random.Next(3)).Select(task => Activity(id, task))],
                    },
                };
            }
            if (Rows.TryGetValue(id, out var row) && !row.Ended)
                return new Unit(write, WriteOutcome.Refused, []);
            Rows[id] = row = new Row();
            return write.FirstTurn is { } turn ? Begin(write, turn, row) : new Unit(write, WriteOutcome.Done, Deliver(row));
        }

        private static Unit Begin(StartInstance write, CommitTurn first, Row row)
        {
            row.Revision = 1;
            row.Ended = first.Status == OrchestrationRuntimeStatus.Completed;
            row.NextTask = first.Activities.Count;
            foreach (var call in first.Activities)
                row.Calls.Add(call.Key.TaskId, 1);
            return new Unit(write, WriteOutcome.Done, []);
        }

        private Unit SendTo(string id)
        {
            var write = new SendMessage(id, Raised("event"));
            return !Rows.TryGetValue(id, out var row) ? new Unit(write, WriteOutcome.NotFound, [])
                : row.Ended ? new Unit(write, WriteOutcome.Refused, [])
                : new Unit(write, WriteOutcome.Done, Deliver(row));
        }

        private Unit ClaimOf(string id)
        {
            var task = AnyTask(id);
            var write = new ClaimActivity(Activity(id, task).Key);
            if (!Rows.TryGetValue(id, out var row) || !row.Calls.TryGetValue(task, out var attempt))
                return new Unit(write, WriteOutcome.NotFound, []);
            row.Calls[task] = attempt + 1;
            return new Unit(write, WriteOutcome.Done, []);
        }

        private Unit CompletionOf(string id)
        {
            var task = AnyTask(id);
            var current = Rows.GetValueOrDefault(id)?.Calls.GetValueOrDefault(task) ?? 0;
            var attempt = random.Next(3) == 0 ? current + random.Next(-1, 2) : current;
            var write = new StoreCompletion(Activity(id, task).Key, attempt, new TaskCompletedEvent { TaskScheduledId = task, Timestamp = Now.UtcDateTime });
            if (current == 0 || attempt != current)
                return new Unit(write, WriteOutcome.Fenced, []);
            Rows[id].Calls.Remove(task);
            return new Unit(write, WriteOutcome.Done, Deliver(Rows[id]));
        }

        private Unit PurgeOf(string id)
        {
            var write = new PurgeInstance(id, Recursive: false);
            if (Rows.TryGetValue(id, out var row) && !row.Ended)
                return new Unit(write, WriteOutcome.Refused, []);
            Rows.Remove(id);
            return new Unit(write, WriteOutcome.Done, []);
        }

        private Unit TurnOf(string id)
        {
            if (!Rows.TryGetValue(id, out var row) || row.Ended)
                return StartOf(id);
            var stale = random.Next(5) == 0;
            var consumed = row.Inbox.Where(message => message.Sequence is not null && random.Next(2) == 0).ToArray();
            var ended = row.Calls.Where(_ => random.Next(4) == 0).Select(call => (Task: call.Key, Attempt: call.Value - (random.Next(4) == 0 ? 1 : 0))).ToArray();
            var scheduled = Enumerable.Range(row.NextTask, random.Next(3)).ToArray();
            var ends = random.Next(10) == 0;
            var write = Turn(id, row.Revision - (stale ? 1 : 0)) with
            {
                HistoryRow = (int)row.Revision,
                Status = ends ? OrchestrationRuntimeStatus.Completed : OrchestrationRuntimeStatus.Running,
                ConsumedMessages = [.. consumed.Select(message => message.Sequence!.Value)],
                ConsumedActivities = ended,
                Activities = ends ? [] : [.. scheduled.Select(task => Activity(id, task))],
            };
            if (stale || ended.Any(call => row.Calls[call.Task] != call.Attempt))
                return new Unit(write, WriteOutcome.Fenced, []);
            row.Revision++;
            row.Inbox.RemoveAll(consumed.Contains);
            foreach (var (task, _) in ended)
                row.Calls.Remove(task);
            foreach (var task in write.Activities.Select(call => call.Key.TaskId))
                row.Calls.Add(task, 1);
            row.NextTask += write.Activities.Count;
            if (ends)
            {
                row.Ended = true;
                row.Inbox.Clear();
                row.Calls.Clear();
            }
            return new Unit(write, WriteOutcome.Done, []);
        }

        private int AnyTask(string id) =>
            Rows.TryGetValue(id, out var row) && row.Calls.Count > 0 && random.Next(4) > 0 ? row.Calls.Keys.ElementAt(random.Next(row.Calls.Count)) : random.Next(6);

        private static Message[] Deliver(Row row)
        {
            var message = new Message();
            row.Inbox.Add(message);
            return [message];
        }
    }
}
