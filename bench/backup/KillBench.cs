using System.Globalization;
using System.Text.Json;
using SnapshotWorkflows.Secondary.Chunks;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary><c>backup-kills</c>: a backup killed by SIGKILL at random moments, each run again: what is sent twice, one manifest, nothing left over after a collection.</summary>
internal static class KillBench
{
    public static async Task<int> RunAsync(string[] args)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal) { ["--kills"] = "50", ["--size"] = "2147483648", ["--folder"] = Path.GetTempPath(), ["--seed"] = "1" };
        for (var i = 0; i + 1 < args.Length; i += 2)
            options[args[i]] = args[i + 1];
        var folder = Directory.CreateDirectory(Path.Combine(options["--folder"], $"swf-kills-{Guid.NewGuid():n}")).FullName;
        try
        {
            var image = Path.Combine(folder, "image");
            BackupImage.Make(image, long.Parse(options["--size"], CultureInfo.InvariantCulture));
            string[] Arguments(string store) => ["--format", "chunks", "--store", $"folder:{store}", "--snapshot", "s1", "--image", image];
            var whole = await Child.RunAsync("write", Arguments(Path.Combine(folder, "whole")));
            Directory.Delete(Path.Combine(folder, "whole"), true);
            var random = new Random(int.Parse(options["--seed"], CultureInfo.InvariantCulture));
            double worst = 0;
            var (killed, orphans) = (0, 0L);
            for (var i = 0; i < int.Parse(options["--kills"], CultureInfo.InvariantCulture); i++)
            {
                var store = Path.Combine(folder, $"store{i}");
                using (var process = Child.Start("write", Arguments(store)))
                {
                    await Task.Delay(TimeSpan.FromSeconds(random.NextDouble() * whole.Wall), TimeProvider.System);
                    killed += process.HasExited ? 0 : 1;
                    process.Kill();
                    await process.WaitForExitAsync();
                }
                var atDeath = Peers.Size(store);
                // Killed after its commit: the second run finds it done, and what it tells then is what the first one sent.
                var wasDone = File.Exists(Path.Combine(store, "swf/chunks/sessions/s1.1/end"));
                var again = await Child.RunAsync("write", Arguments(store));
                if (wasDone)
                    again = again with { Sent = 0 };
                // Unfinished files of the dead process are in it: they were sent too.
                var twice = (atDeath + again.Sent - whole.Sent) / 1048576.0;
                worst = Math.Max(worst, twice);
                var repository = await ChunkRepository.OpenAsync(BackupStore.Open($"folder:{store}"), new ChunkOptions(), null, TimeProvider.System, default);
                var snapshots = await repository.ListAsync(true, default);
                await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 0 }, default);
                // Whatever is left must be needed: half-written files too, which CollectRepository sweeps once they are old.
                await BackupStore.Open($"folder:{store}").SweepUnfinishedAsync("swf/chunks/", DateTimeOffset.MaxValue, default);
                var left = new DirectoryInfo(Path.Combine(store, "swf/chunks/packs")).EnumerateFiles("*", SearchOption.AllDirectories).Count();
                var report = await repository.VerifyAsync(new ChunkVerifyRequest(), null, default);
                orphans += left - report.Packs;
                if (snapshots.Count != 1 || snapshots[0].Root != whole.Root || !report.Sound || twice > 64 || left != report.Packs)
                    throw new InvalidOperationException($"Round {i}: {snapshots.Count} snapshots, {twice:F1} MiB sent twice, {left} packs of which {report.Packs} are needed, {report.Findings.Count} findings.");
                Directory.Delete(store, true);
                Console.Error.WriteLine($"round {i}: {atDeath / 1e6:F0} MB held, {twice:F1} MiB sent twice");
            }
            Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object> { ["figure"] = "backup.chunks.folder.kills.sentTwice.worst", ["value"] = Math.Round(worst, 2), ["unit"] = "MiB", ["kills"] = killed, ["orphans"] = orphans }));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }
}
