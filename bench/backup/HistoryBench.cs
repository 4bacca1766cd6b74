using System.Text.Json;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Nfs;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary>
/// <c>backup-history</c>: many snapshots of one volume with small changes, in the format chunks: list, manifest, restore of oldest and newest, deletion of 70 % in random order, collection; each at half the number
/// and at all of it, so that the ratio shows whether it grows faster than the number.
/// </summary>
internal static class HistoryBench
{
    private const int Leaf = 64 * 1024;

    public static async Task<int> RunAsync(string[] args)
    {
        var count = args is ["--snapshots", var text] ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : 1000;
        var half = await OnceAsync(count / 2);
        var whole = await OnceAsync(count);
        foreach (var (figure, value) in whole)
        {
            Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object>
            {
                ["figure"] = $"backup.chunks.folder.history.{figure}", ["value"] = Math.Round(value, 4), ["unit"] = figure.Contains("payload", StringComparison.OrdinalIgnoreCase) ? "objects" : "s",
                ["snapshots"] = count, ["atHalf"] = Math.Round(half[figure], 4), ["ratio"] = Math.Round(value / Math.Max(half[figure], 0.0001), 2),
            }));
        }
        return 0;
    }

    private static async Task<Dictionary<string, double>> OnceAsync(int count)
    {
        var folder = Directory.CreateTempSubdirectory("swf-history-").FullName;
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        try
        {
            var store = new CountingStore(new FolderStore(new FolderStoreOptions { Name = "bench", Path = folder, RequireMount = false, MinimumFreeBytes = 0 }));
            var random = new Random(5);
            var disk = new byte[256 * Leaf];
            random.NextBytes(disk.AsSpan(0, 100 * Leaf));
            var roots = new Dictionary<string, string>(StringComparer.Ordinal);
            var repository = await OpenAsync();
            var began = TimeProvider.System.GetTimestamp();
            for (var i = 0; i < count; i++)
            {
                random.NextBytes(disk.AsSpan(random.Next(disk.Length - 3000), 3000));
                var name = $"s{i:D6}";
                roots[name] = (await repository.WriteAsync(new ChunkSnapshotRequest { Snapshot = name, Volume = "v" }, new MemorySource(disk), null, default)).Root;
            }
            figures["write"] = Elapsed();
            // Each with nothing in memory of what came before.
            repository = await OpenAsync();
            Begin();
            if ((await repository.ListAsync(false, default)).Count != count)
                throw new InvalidOperationException("The list is not complete.");
            figures["list"] = Elapsed();
            repository = await OpenAsync();
            Begin();
            await repository.FindAsync("s000000", default);
            figures["manifest"] = Elapsed();
            Begin();
            await DemandAsync("s000000");
            figures["restoreOldest"] = Elapsed();
            Begin();
            await DemandAsync($"s{count - 1:D6}");
            figures["restoreNewest"] = Elapsed();

            var names = roots.Keys.ToArray();
            random.Shuffle(names);
            var gone = names[..(count * 7 / 10)];
            store.Payload = 0;
            Begin();
            foreach (var name in gone)
                await repository.DeleteAsync(name, default);
            figures["delete"] = Elapsed();
            figures["deletePayload"] = store.Payload;
            Begin();
            var deleted = 0;
            for (var i = 0; i < 2; i++)
                deleted += (await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 0 }, default)).Deleted;
            figures["collect"] = Elapsed();
            figures["collectPayloadRead"] = store.Payload;
            if (deleted == 0)
                throw new InvalidOperationException("Nothing was collected.");
            Begin();
            foreach (var name in names[gone.Length..])
                await DemandAsync(name);
            figures["restoreEveryOther"] = Elapsed();
            if (!(await repository.VerifyAsync(new ChunkVerifyRequest(), null, default)).Sound)
                throw new InvalidOperationException("The repository is damaged.");
            return figures;

            Task<ChunkRepository> OpenAsync() => ChunkRepository.OpenOrCreateAsync(store, new ChunkOptions { Workers = 1 }, null, TimeProvider.System, default);

            void Begin() => began = TimeProvider.System.GetTimestamp();

            double Elapsed() => TimeProvider.System.GetElapsedTime(began).TotalSeconds;

            // The root of what was restored is compared with the manifest's by the restore itself, and here with what was backed up.
            async Task DemandAsync(string name)
            {
                var target = Path.Combine(folder, "restored.img");
                if ((await repository.RestoreToFileAsync(name, target, readBack: false, null, default)).Root.Hex != roots[name])
                    throw new InvalidOperationException($"{name} is another disk.");
                File.Delete(target);
            }
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    /// <summary>Counts packs that are opened or put.</summary>
    private sealed class CountingStore(ISecondaryStore inner) : ISecondaryStore
    {
        public string Name => inner.Name;

        public int Payload { get; set; }

        public Task<StoreCheck> CheckAsync(CancellationToken cancellation) => inner.CheckAsync(cancellation);

        public Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) => inner.PutAsync(Count(name), content, cancellation);

        public Task<PutOutcome> PutAsync(string name, Stream content, CancellationToken cancellation) => inner.PutAsync(Count(name), content, cancellation);

        public Task<StoreObject?> FindAsync(string name, CancellationToken cancellation) => inner.FindAsync(name, cancellation);

        public Task<IStoreReader> OpenAsync(string name, ReadPurpose purpose, CancellationToken cancellation) => inner.OpenAsync(Count(name), purpose, cancellation);

        public IAsyncEnumerable<StoreObject> ListAsync(string prefix, CancellationToken cancellation) => inner.ListAsync(prefix, cancellation);

        public Task DeleteAsync(string name, CancellationToken cancellation) => inner.DeleteAsync(name, cancellation);

        public Task<int> SweepUnfinishedAsync(string prefix, DateTimeOffset untouchedSince, CancellationToken cancellation) => inner.SweepUnfinishedAsync(prefix, untouchedSince, cancellation);

        private string Count(string name)
        {
            Payload += name.Contains("/packs/", StringComparison.Ordinal) ? 1 : 0;
            return name;
        }
    }
}
