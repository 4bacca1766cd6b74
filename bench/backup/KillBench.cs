using System.Globalization;
using System.Text.Json;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Tests.Support.Azurite;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary><c>backup-kills</c>: a backup killed by SIGKILL at random moments, each run again: what is sent twice, one snapshot, nothing left over after a collection and a sweep.</summary>
internal sealed class KillBench
{
    private const double TwiceMiBMax = 64;
    private readonly Dictionary<string, string> _options;
    private readonly string _folder;

    private KillBench(Dictionary<string, string> options, string folder) => (_options, _folder) = (options, folder);

    private string Image => Path.Combine(_folder, "image");

    private bool IsVhd => _options["--format"] == "vhd";

    public static async Task<int> RunAsync(string[] args)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["--format"] = "chunks", ["--store"] = "folder", ["--kills"] = "50", ["--size"] = "2GiB", ["--folder"] = Path.GetTempPath(), ["--seed"] = "1",
        };
        for (var i = 0; i + 1 < args.Length; i += 2)
            options[args[i]] = args[i + 1];
        var folder = Directory.CreateDirectory(Path.Combine(options["--folder"], $"swf-kills-{Guid.NewGuid():n}")).FullName;
        try
        {
            await new KillBench(options, folder).RunAsync();
            return 0;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private async Task RunAsync()
    {
        BackupImage.Make(Image, BackupBench.Size(_options["--size"]));
        await using var azurite = _options["--store"] == "azurite" ? await AzuriteFixture.StartAsync() : null;
        await using var relay = azurite is null ? null : new CountingRelay(azurite.Address);
        if (azurite is not null)
            Environment.SetEnvironmentVariable(BackupStore.ConnectionVariable, relay!.Through(azurite.ConnectionString));
        string Store(string name) => azurite is null ? $"folder:{Path.Combine(_folder, name)}" : $"blob:{name}";

        // Twice: the first one finds nothing in memory and lives longer than those that are killed.
        await WriteAsync(Store("cold"));
        await BackupStore.DeleteAsync(Store("cold"));
        var started = TimeProvider.System.GetTimestamp();
        var whole = await WriteAsync(Store("whole"));
        var life = TimeProvider.System.GetElapsedTime(started);
        await BackupStore.DeleteAsync(Store("whole"));
        var random = new Random(int.Parse(_options["--seed"], CultureInfo.InvariantCulture));
        var (worst, misses, kills) = (0.0, 0, int.Parse(_options["--kills"], CultureInfo.InvariantCulture));
        for (var i = 0; i < kills; i++)
        {
            var store = Store($"store{i + misses}");
            var before = relay?.SentBytes ?? 0;
            var moment = life * random.NextDouble();
            if (!await KilledAsync(store, moment))
            {
                // Its life was shorter than that: another moment, of a shorter life.
                (life, misses) = (moment, misses + 1);
                i--;
                await BackupStore.DeleteAsync(store);
                continue;
            }
            // Unfinished writes of the dead process are in it: they were sent too.
            var held = await BackupStore.HeldAsync(store);
            // Killed after its commit: the second run finds it done, and what it tells then is what the first one sent.
            var wasDone = !IsVhd && held > 0 && await BackupStore.Open(store).FindAsync("swf/chunks/sessions/s1.1/end", default) is not null;
            var again = await WriteAsync(store);
            var sent = relay is null ? held + (wasDone ? 0 : again.Sent) : relay.SentBytes - before;
            var twice = (sent - whole.Sent) / 1048576.0;
            worst = Math.Max(worst, twice);
            if (again.Root != whole.Root || twice > TwiceMiBMax)
                throw new InvalidOperationException($"Round {i}: {twice:F1} MiB sent twice, root {again.Root}.");
            await DemandCleanAsync(i, store);
            await BackupStore.DeleteAsync(store);
            Console.Error.WriteLine($"round {i}: killed after {moment.TotalSeconds:F2} of {life.TotalSeconds:F2} s, {held / 1e6:F0} MB held, {twice:F1} MiB sent twice");
        }
        Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["figure"] = $"backup.{_options["--format"]}.{_options["--store"]}.kills.sentTwice.worst", ["value"] = Math.Round(worst, 2), ["unit"] = "MiB", ["limit"] = TwiceMiBMax, ["kills"] = kills, ["missed"] = misses, ["orphans"] = 0,
        }));
    }

    /// <returns>False where it had ended by itself.</returns>
    private async Task<bool> KilledAsync(string store, TimeSpan moment)
    {
        using var process = Child.Start("write", Arguments(store));
        await Task.Delay(moment, TimeProvider.System);
        process.Kill();
        await process.WaitForExitAsync();
        return process.ExitCode switch
        {
            0 => false,
            128 + 9 => true,
            var other => throw new InvalidOperationException($"The backup ended by itself with {other}."),
        };
    }

    private Task<PhaseResult> WriteAsync(string store) => Child.RunAsync("write", Arguments(store));

    private string[] Arguments(string store) => ["--format", _options["--format"], "--store", store, "--snapshot", "s1", "--image", Image];

    /// <summary>One snapshot, whole, and nothing besides that is not needed.</summary>
    private async Task DemandCleanAsync(int round, string text)
    {
        var store = BackupStore.Open(text);
        var needed = 2L;
        var indexes = new HashSet<string>(StringComparer.Ordinal);
        if (IsVhd)
            await Child.RunAsync("verify", ["--format", "vhd", "--store", text, "--snapshot", "s1"]);
        else
        {
            var repository = await ChunkRepository.OpenAsync(store, new ChunkOptions(), null, TimeProvider.System, default);
            await repository.CollectAsync(new ChunkCollectRequest { UndoCollections = 0 }, default);
            var report = await repository.VerifyAsync(new ChunkVerifyRequest(), null, default);
            var snapshots = await repository.ListAsync(true, default);
            indexes.UnionWith(snapshots.SelectMany(s => s.Layers).SelectMany(l => l.Objects));
            if (snapshots.Count != 1 || !report.Sound)
                throw new InvalidOperationException($"Round {round}: not one sound snapshot; {report.Findings.Count} findings.");
            needed = report.Packs;
        }
        // Half-written objects too, which the service sweeps once they are old.
        await store.SweepUnfinishedAsync(IsVhd ? "snap/" : "swf/chunks/", DateTimeOffset.MaxValue, default);
        const string Indexes = "swf/chunks/indexes/";
        var (listed, data, orphans) = (0L, 0, 0);
        await foreach (var one in store.ListAsync("", default))
        {
            listed += one.Length;
            orphans += one.Name.StartsWith(Indexes, StringComparison.Ordinal) && !indexes.Contains(one.Name[Indexes.Length..]) ? 1 : 0;
            data += IsVhd || one.Name.StartsWith("swf/chunks/packs/", StringComparison.Ordinal) ? 1 : 0;
        }
        // What a folder holds beyond its objects would be half-written files; of a blob container, uncommitted blocks.
        if (data != needed || orphans > 0 || await BackupStore.HeldAsync(text) != listed)
            throw new InvalidOperationException($"Round {round}: {data} objects with data of which {needed} are needed, {orphans} indexes that no manifest names, {await BackupStore.HeldAsync(text) - listed} bytes beside them.");
    }
}
