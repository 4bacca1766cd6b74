using System.Security.Cryptography;
using System.Text.Json;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Chunks.Keys;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary>One phase, in a process of its own; says what it used as JSON on its standard output.</summary>
internal static class BackupPhases
{
    public static async Task<int> RunAsync(string[] args)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i + 1 < args.Length; i += 2)
            options[args[i]] = args[i + 1];
        var (sent, root) = await PhaseAsync(options);
        Console.WriteLine(JsonSerializer.Serialize(Child.Result(sent, root)));
        return 0;
    }

    private static async Task<(long Sent, string? Root)> PhaseAsync(Dictionary<string, string> options)
    {
        if (options["--phase"] == "image")
        {
            BackupImage.Make(options["--image"], long.Parse(options["--size"], System.Globalization.CultureInfo.InvariantCulture));
            return (0, null);
        }
        var store = options["--store"].StartsWith("blob:", StringComparison.Ordinal) ? await BackupStore.OpenCheckedAsync(options["--store"]) : BackupStore.Open(options["--store"]);
        switch (options["--phase"])
        {
            case "floor-copy":
                using (var image = FileDisk.Open(options["--image"]))
                    return (await Floors.CopyAsync(image, store), null);
            case "floor-hash":
                using (var image = FileDisk.Open(options["--image"]))
                    return (await Floors.HashAsync(image, compress: false), null);
            case "floor-hash-zstd":
                using (var image = FileDisk.Open(options["--image"]))
                    return (await Floors.HashAsync(image, compress: true), null);
        }
        return options["--format"] switch
        {
            "chunks" => await ChunksAsync(options, store),
            "vhd" => await VhdPhases.RunAsync(options, store),
            var other => throw new InvalidOperationException($"The format '{other}' is not known here."),
        };
    }

    private static async Task<(long Sent, string? Root)> ChunksAsync(Dictionary<string, string> options, ISecondaryStore store)
    {
        var keys = options.ContainsKey("--encrypt") ? new ChunkKeyRing("bench", new Dictionary<string, byte[]> { ["bench"] = SHA256.HashData("bench"u8) }) : null;
        var repository = await ChunkRepository.OpenOrCreateAsync(store, new ChunkOptions(), keys, TimeProvider.System, default);
        var snapshot = options.GetValueOrDefault("--snapshot", "");
        switch (options["--phase"])
        {
            case "write":
                using (var image = FileDisk.Open(options["--image"]))
                {
                    var written = await repository.WriteAsync(new ChunkSnapshotRequest { Snapshot = snapshot, Volume = "bench" }, (IRandomAccessSource)image, null, default);
                    return (written.SentBytes, written.Root);
                }

            case "verify":
                var report = await repository.VerifyAsync(new ChunkVerifyRequest { Snapshots = snapshot.Length == 0 ? null : [snapshot] }, null, default);
                return report.Sound ? (report.ReadBytes, null) : throw new InvalidOperationException(report.Findings[0].ToString());
            case "restore" or "restore-readback":
                var receipt = await repository.RestoreToFileAsync(snapshot, options["--target"], options["--phase"] == "restore-readback", null, default);
                return (receipt.WrittenBytes, receipt.Root.Hex);
            case "huge-index":
                await MemoryBench.MakeIndexAsync(repository);
                return (0, null);
            case "huge-write":
                var huge = await MemoryBench.WriteAsync(repository);
                return (huge.SentBytes, huge.Root);
            case var other:
                throw new InvalidOperationException($"The phase '{other}' is not known.");
        }
    }
}
