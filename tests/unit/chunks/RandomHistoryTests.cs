using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Tests.Unit.Secondary;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

/// <summary>
/// Larger worlds than can be explored: many volumes, backups, deletions, takings back and collections at once, their store calls interleaved at random, some dying in the middle. What was promised is there, bit by bit.
/// SWF_FULL=1 lives through 200 worlds.
/// </summary>
public sealed class RandomHistoryTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Whatever_goes_on_at_once_every_snapshot_that_was_made_and_not_deleted_is_there()
    {
        var worlds = Environment.GetEnvironmentVariable("SWF_FULL") == "1" ? 200 : 6;
        for (var i = 0; i < worlds; i++)
        {
            var seed = Random.Shared.Next();
            output.WriteLine($"seed {seed}");
            await LiveAsync(seed);
        }
    }

    private static async Task LiveAsync(int seed)
    {
        var random = new Random(seed);
        var store = new MemoryStore();
        var disks = Enumerable.Range(0, 3).ToDictionary(v => $"disk-{v}", v => Disk(16, v % 2));
        var promised = new Dictionary<string, byte[]>();
        var deleted = new Dictionary<string, byte[]>();
        var number = 0;
        for (var round = 0; round < 12; round++)
        {
            var jobs = new List<Func<MemoryStore, Task>>();
            var volumes = disks.Keys.Where(_ => random.Next(3) > 0).ToList();
            var made = new List<(string Snapshot, byte[] Disk)>();
            foreach (var volume in volumes)
            {
                var (snapshot, disk) = ($"s{number++:D4}", disks[volume] = Changed(disks[volume], random.Next(), random.Next(5)));
                made.Add((snapshot, disk));
                jobs.Add(async mine => await (await OpenAsync(mine, Inline)).BackUpAsync(snapshot, disk, volume));
            }
            var going = promised.Keys.Where(_ => random.Next(4) == 0).ToList();
            foreach (var snapshot in going)
                jobs.Add(async mine => await (await OpenAsync(mine, Inline)).DeleteAsync(snapshot, None));
            for (var i = random.Next(3); i > 0; i--)
            {
                var undo = random.Next(2);
                jobs.Add(async mine => await (await OpenAsync(mine, Inline)).CollectAsync(new ChunkCollectRequest { UndoCollections = undo }, None));
            }
            await RunAsync(store, jobs, random);

            var repository = await OpenAsync(store, Inline);
            var there = (await repository.ListAsync(evenDeleted: true, None)).ToDictionary(s => s.Snapshot);
            foreach (var snapshot in going)
            {
                // Its deletion may have died before it began: then the snapshot is there as before.
                if (there.TryGetValue(snapshot, out var found) && !found.DeletedAndKept)
                    continue;
                deleted[snapshot] = promised[snapshot];
                promised.Remove(snapshot);
            }
            foreach (var (snapshot, disk) in made.Where(m => there.ContainsKey(m.Snapshot)))
                promised[snapshot] = disk;
            foreach (var (snapshot, disk) in promised)
                Assert.True((await repository.ReadAsync(snapshot)).AsSpan().SequenceEqual(disk), $"seed {seed}, round {round}: {snapshot} is another disk");
            foreach (var snapshot in deleted.Keys.Where(s => there.ContainsKey(s) && random.Next(5) == 0).ToList())
            {
                await repository.UndeleteAsync(snapshot, None);
                promised[snapshot] = deleted[snapshot];
                deleted.Remove(snapshot);
            }
        }

        // Nobody is at work any more: the dead are closed, and what is left is what is needed.
        var last = await OpenAsync(store, Inline);
        for (var i = 0; i < 3; i++)
            await last.CollectAsync(new ChunkCollectRequest { UndoCollections = 0, IsDead = _ => true }, None);
        var report = await last.VerifyAsync(new ChunkVerifyRequest(), null, None);
        Assert.True(report.Sound, $"seed {seed}: {string.Join(", ", report.Findings)}");
        Assert.Equal(report.Packs, store.Names("swf/chunks/packs/").Count());
        foreach (var (snapshot, disk) in promised)
            Assert.True((await last.ReadAsync(snapshot)).AsSpan().SequenceEqual(disk), $"seed {seed}: {snapshot} is another disk at the end");
    }

    // One job at a time goes one store call further, drawn at random; each may die at any call, and then its calls come to nothing for ever.
    private static async Task RunAsync(MemoryStore store, List<Func<MemoryStore, Task>> jobs, Random random)
    {
        var waiting = new List<(int Job, TaskCompletionSource Go)>();
        using var turn = new SemaphoreSlim(0);
        var dead = new bool[jobs.Count];
        var running = jobs.Select((job, i) => Task.Run(async () =>
        {
            var mine = new MemoryStore(store);
            mine.Before = async _ =>
            {
                if (Volatile.Read(ref dead[i]))
                    throw new Dead();
                var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                lock (waiting)
                    waiting.Add((i, go));
                turn.Release();
                await go.Task;
            };
            try
            {
                await job(mine);
            }
            catch (Exception) when (Volatile.Read(ref dead[i]))
            {
                // As drawn.
            }
            finally
            {
                turn.Release();
            }
        })).ToList();
        // Everyone waits at a call or has ended before the next step is drawn: the same seed gives the same interleaving.
        for (var busy = running.Count; ; busy = 1)
        {
            for (; busy > 0; busy--)
                await turn.WaitAsync();
            (int Job, TaskCompletionSource Go) one;
            lock (waiting)
            {
                if (waiting.Count == 0)
                    break;
                waiting.Sort((a, b) => a.Job.CompareTo(b.Job));
                var next = random.Next(waiting.Count);
                one = waiting[next];
                waiting.RemoveAt(next);
            }
            if (random.Next(150) != 0)
            {
                one.Go.SetResult();
                continue;
            }
            Volatile.Write(ref dead[one.Job], true);
            one.Go.SetException(new Dead());
        }
        await Task.WhenAll(running);
    }

    private sealed class Dead : Exception;
}
