using System.Globalization;
using System.Text.Json;
using SnapshotWorkflows.Tests.Support.Azurite;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary>A backup's life on one image: first, 1 % changed, nothing changed, verify, restore, killed half-way and run again; beside each the floor of the same run, and restic and borg.</summary>
internal sealed class BackupBench
{
    private readonly Dictionary<string, string> _options;
    private readonly Peers _peers;
    private readonly string _folder;
    private readonly string _first;
    private readonly string _changed;
    private string[] _common = [];
    private string _prefix = "";

    private BackupBench(Dictionary<string, string> options, string folder)
    {
        (_options, _folder) = (options, folder);
        _first = Path.Combine(folder, "first.img");
        _changed = Path.Combine(folder, "changed.img");
        _peers = new Peers(folder);
    }

    public static async Task<int> RunAsync(string[] args)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal) { ["--format"] = "chunks", ["--store"] = "folder", ["--size"] = "2GiB", ["--folder"] = Path.GetTempPath() };
        for (var i = 0; i < args.Length; i++)
            options[args[i]] = args[i] is "--encrypt" or "--no-peers" or "--keep" ? "yes" : args[++i];
        var folder = Directory.CreateDirectory(Path.Combine(options["--folder"], $"swf-bench-{Guid.NewGuid():n}")).FullName;
        try
        {
            await new BackupBench(options, folder).RunAsync();
            return 0;
        }
        finally
        {
            if (!options.ContainsKey("--keep"))
                Directory.Delete(folder, true);
        }
    }

    private async Task RunAsync()
    {
        var size = Size(_options["--size"]);
        _prefix = $"backup.{_options["--format"]}.{_options["--store"]}";
        Console.Error.WriteLine($"making the image of {size} bytes ...");
        BackupImage.Make(_first, size);
        File.Copy(_first, _changed);
        BackupImage.Change(_changed);
        await using var azurite = _options["--store"] == "azurite" ? await AzuriteFixture.StartAsync() : null;
        if (azurite is not null)
            Environment.SetEnvironmentVariable(BackupStore.ConnectionVariable, azurite.ConnectionString);
        string Store(string name) => azurite is null ? $"folder:{Path.Combine(_folder, name)}" : $"blob:{name}";
        _common = ["--format", _options["--format"], .. _options.ContainsKey("--encrypt") ? new[] { "--encrypt", "yes" } : []];

        if (!_options.ContainsKey("--no-peers"))
            await _peers.RunAsync(_first, _changed);
        BackupImage.Warm(_first);
        var copy = await Child.RunAsync("floor-copy", ["--store", Store("floor"), "--image", _first]);
        var hash = await Child.RunAsync("floor-hash", ["--store", Store("floor"), "--image", _first]);
        var zstd = await Child.RunAsync("floor-hash-zstd", ["--store", Store("floor"), "--image", _first]);
        Line("floor.copy.cpu", copy.Cpu, "s", null);
        Line("floor.sha256.cpu", hash.Cpu, "s", null);
        Line("floor.sha256zstd1.cpu", zstd.Cpu, "s", null);

        var store = Store("store");
        // What the format cannot go below: vhd does not compress, and each of its copies is a whole one.
        var isVhd = _options["--format"] == "vhd";
        var (full, later) = isVhd ? (copy.Cpu + hash.Cpu, copy.Cpu + hash.Cpu) : (copy.Cpu + zstd.Cpu, hash.Cpu);
        var first = await WriteAsync(store, "s1", _first);
        await FiguresAsync("first", first, full, store, isVhd ? copy.Sent : zstd.Sent);
        var changed = await WriteAsync(store, "s2", _changed);
        await FiguresAsync("changed1pct", changed, later, store, isVhd ? copy.Sent : size / 100);
        await FiguresAsync("unchanged", await WriteAsync(store, "s3", _changed), later, store, isVhd ? copy.Sent : null);
        await FiguresAsync("verify", await Child.RunAsync("verify", [.. _common, "--store", store]), hash.Cpu, store, null);
        await FiguresAsync("restore", await RestoreAsync("restore", store, changed.Root!), copy.Cpu + hash.Cpu, store, null);
        Line("restoreReadBack.cpu", (await RestoreAsync("restore-readback", store, changed.Root!)).Cpu, "s", copy.Cpu + 2 * hash.Cpu);
        await using var relay = azurite is null ? null : new CountingRelay(azurite.Address);
        if (azurite is not null)
            Environment.SetEnvironmentVariable(BackupStore.ConnectionVariable, relay!.Through(azurite.ConnectionString));
        await ResumeAsync(Store("killed"), first, full, relay);
    }

    private async Task<PhaseResult> WriteAsync(string store, string snapshot, string image)
    {
        BackupImage.Warm(image);
        return await Child.RunAsync("write", Write(store, snapshot, image));
    }

    private string[] Write(string store, string snapshot, string image) => [.. _common, "--store", store, "--snapshot", snapshot, "--image", image];

    private async Task<PhaseResult> RestoreAsync(string phase, string store, string root)
    {
        var target = Path.Combine(_folder, "restored.img");
        var result = await Child.RunAsync(phase, [.. _common, "--store", store, "--snapshot", "s2", "--target", target]);
        if (result.Root != root || !Same(target, _changed))
            throw new InvalidOperationException("The restored disk is not the one that was backed up.");
        File.Delete(target);
        return result;
    }

    /// <summary>Killed when half of it is in the store, then the same again.</summary>
    private async Task ResumeAsync(string store, PhaseResult whole, double floor, CountingRelay? relay)
    {
        using (var process = Child.Start("write", Write(store, "s1", _first)))
        {
            while (!process.HasExited && await BackupStore.HeldAsync(store) < whole.Sent / 2)
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            process.Kill();
            await process.WaitForExitAsync();
            if (process.ExitCode != 128 + 9)
                throw new InvalidOperationException($"The backup that was to be killed half-way ended by itself with {process.ExitCode}: take a larger --size.");
        }
        var held = await BackupStore.HeldAsync(store);
        var again = await WriteAsync(store, "s1", _first);
        if (again.Root != whole.Root)
            throw new InvalidOperationException("The resumed backup is of another disk.");
        await FiguresAsync("resumed", again, floor, store, whole.Sent - held);
        Line("resumed.sentTwice", Math.Max(0, (relay?.SentBytes ?? held + again.Sent) - whole.Sent) / 1e6, "MB", null);
    }

    /// <param name="store">What it holds then, unfinished objects too, is the figure <c>stored</c>.</param>
    /// <param name="sentFloor">Bytes that must go to the store; null where none must.</param>
    private async Task FiguresAsync(string figure, PhaseResult result, double floor, string store, long? sentFloor)
    {
        Line($"{figure}.cpu", result.Cpu, "s", floor);
        Line($"{figure}.wall", result.Wall, "s", null);
        Line($"{figure}.sent", result.Sent / 1e6, "MB", sentFloor / 1e6);
        Line($"{figure}.stored", await BackupStore.HeldAsync(store) / 1e6, "MB", figure == "first" ? sentFloor / 1e6 : null);
        Line($"{figure}.peakMemory", result.PeakMemory, "MiB", null);
    }

    private void Line(string figure, double value, string unit, double? floor)
    {
        var line = new Dictionary<string, object> { ["figure"] = $"{_prefix}.{figure}", ["value"] = Math.Round(value, 3), ["unit"] = unit };
        if (floor is { } bare)
        {
            line["floor"] = Math.Round(bare, 3);
            line["ratio"] = Math.Round(value / Math.Max(bare, 0.001), 2);
        }
        if (_peers.Restic.TryGetValue(figure, out var restic))
            line["restic"] = Math.Round(restic, 2);
        if (_peers.Borg.TryGetValue(figure, out var borg))
            line["borg"] = Math.Round(borg, 2);
        Console.WriteLine(JsonSerializer.Serialize(line));
    }

    private static bool Same(string one, string other)
    {
        using var a = File.OpenRead(one);
        using var b = File.OpenRead(other);
        var (left, right) = (new byte[1 << 20], new byte[1 << 20]);
        if (a.Length != b.Length)
            return false;
        for (int count; (count = a.ReadAtLeast(left, left.Length, throwOnEndOfStream: false)) > 0;)
        {
            b.ReadExactly(right, 0, count);
            if (!left.AsSpan(0, count).SequenceEqual(right.AsSpan(0, count)))
                return false;
        }
        return true;
    }

    /// <summary>Bytes, or a number of MiB or GiB.</summary>
    public static long Size(string text)
    {
        var unit = text.EndsWith("GiB", StringComparison.Ordinal) ? 1L << 30 : text.EndsWith("MiB", StringComparison.Ordinal) ? 1L << 20 : 1L;
        return long.Parse(unit == 1 ? text : text[..^3], CultureInfo.InvariantCulture) * unit;
    }
}
