using System.Runtime.CompilerServices;
using System.Text.Json;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Chunks.Format;
using SnapshotWorkflows.Secondary.Chunks.Repository;
using SnapshotWorkflows.Secondary.Chunks.Write;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Pipeline;

namespace SnapshotWorkflows.Bench.Backup;

/// <summary>
/// <c>backup-memory</c>: peak memory of a backup of 64 GiB (sparse), and of one of 2 TiB whose earlier snapshot has a full index of 33.5 million leaves, of which the source says that 1 in 1,000 changed. That earlier index is
/// made up (its leaves exist nowhere): 2 TiB of data would take the better part of an hour to hash.
/// </summary>
internal static class MemoryBench
{
    private const int Leaf = 64 * 1024;

    public static async Task<int> RunAsync(string[] args)
    {
        var folder = Directory.CreateDirectory(Path.Combine(args is ["--folder", var place] ? place : Path.GetTempPath(), $"swf-memory-{Guid.NewGuid():n}")).FullName;
        try
        {
            var image = Path.Combine(folder, "sparse.img");
            using (var file = File.OpenHandle(image, FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.SetLength(file, 64L << 30);
                var bytes = new byte[1 << 20];
                var random = new Random(3);
                for (long offset = 0; offset < 64L << 30; offset += 128 << 20)
                {
                    random.NextBytes(bytes);
                    RandomAccess.Write(file, bytes, offset);
                }
            }
            var sparse = await Child.RunAsync("write", ["--format", "chunks", "--store", $"folder:{folder}/sparse", "--snapshot", "s1", "--image", image]);
            Line("64GiB", sparse);
            await Child.RunAsync("huge-index", ["--format", "chunks", "--store", $"folder:{folder}/huge"]);
            Line("2TiB", await Child.RunAsync("huge-write", ["--format", "chunks", "--store", $"folder:{folder}/huge"]));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    /// <summary>A full index of 2 TiB, and a manifest over it.</summary>
    public static async Task MakeIndexAsync(ChunkRepository repository)
    {
        const long leaves = (2L << 40) / Leaf;
        var room = repository.Room;
        var (session, _) = await new SessionStore(room).BeginAsync("s1", "huge", 2L << 40, default);
        var packs = new PackTable();
        using var writer = new IndexWriter(room, session, Leaf, packs, (_, _) => Task.CompletedTask);
        for (uint leaf = 0; leaf < leaves; leaf++)
        {
            var pack = packs.Number(new ObjectName(session, Made(leaf / 128, 7)));
            await writer.AddAsync(new IndexRecord(leaf, pack, leaf % 128 * 65_000, 65_000 | 1 << 24, Made(leaf, 1)), default);
        }
        var layer = await writer.FinishAsync(default);
        await new SessionStore(room).CommitAsync(new EndText
        {
            End = EndText.IsManifest, Session = session, Snapshot = "s1", Volume = "huge", StartedAt = room.Time.GetUtcNow(), EndedAt = room.Time.GetUtcNow(), DiskBytes = 2L << 40, LeafBytes = Leaf,
            Root = new string('0', 64), RootAlgorithm = DiskRoot.Algorithm, Layers = [layer!],
        }, default);
    }

    public static async Task<ChunkSnapshot> WriteAsync(ChunkRepository repository)
    {
        var bits = new byte[(2L << 40) / Leaf / 8];
        for (var i = 0; i < bits.Length; i += 125)
            bits[i] = 0x80;
        return await repository.WriteAsync(new ChunkSnapshotRequest { Snapshot = "s2", Volume = "huge", Changed = new ChangedExtents("s1", bits) }, new Huge(), null, default);
    }

    private static LeafHash Made(uint number, ulong kind)
    {
        var mixed = (number + 1) * 0x9E37_79B9_7F4A_7C15 ^ kind;
        return new LeafHash(mixed, mixed * 0xD6E8_FEB8_6659_FD93, number, kind);
    }

    private static void Line(string size, PhaseResult result) => Console.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["figure"] = $"backup.chunks.folder.memory.{size}.peakMemory", ["value"] = Math.Round(result.PeakMemory, 1), ["unit"] = "MiB", ["cpu"] = Math.Round(result.Cpu, 1), ["sent"] = Math.Round(result.Sent / 1e6, 1),
    }));

    /// <summary>2 TiB, each leaf of its own content.</summary>
    private sealed class Huge : IRandomAccessSource
    {
        public long Length => 2L << 40;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            // The buffer held other leaves before.
            buffer.Span.Clear();
            for (var at = 0; at < buffer.Length; at += Leaf)
                Unsafe.WriteUnaligned(ref buffer.Span[at], (offset + at) | 1);
            return ValueTask.FromResult(buffer.Length);
        }
    }
}
