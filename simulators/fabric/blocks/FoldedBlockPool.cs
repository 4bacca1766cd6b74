using System.Buffers;

namespace SnapshotWorkflows.Simulators.Fabric;

/// <summary>
/// Keeps blocks of generated pages as these pages' seeds, as an array keeps what compresses well, and all others in a file: hundreds of disks of
/// distinct data take next to no room. Which block is which is in memory alone, so that nothing is left of it after the process.
/// </summary>
internal sealed class FoldedBlockPool(string path, int blockSize) : BlockPool(blockSize)
{
    private const int ChunkBlocks = 4096;

    private readonly FileBlockPool file = new(path, blockSize);

    // Chunks are never replaced, so that a reader needs no lock: a block has one writer, its only owner.
    private readonly Chunk?[] chunks = new Chunk?[1 << 16];

    private int Pages => BlockSize / GeneratedPage.Size;

    public override void Read(int block, int offset, Span<byte> buffer)
    {
        if (Seeds(block) is not { } seeds)
        {
            file.Read(block, offset, buffer);
            return;
        }

        Span<byte> whole = stackalloc byte[GeneratedPage.Size];
        while (buffer.Length > 0)
        {
            var (page, within) = (offset / GeneratedPage.Size, offset % GeneratedPage.Size);
            var count = Math.Min(buffer.Length, GeneratedPage.Size - within);
            if (count == GeneratedPage.Size)
            {
                GeneratedPage.Fill(seeds[page], buffer[..count]);
            }
            else
            {
                GeneratedPage.Fill(seeds[page], whole);
                whole.Slice(within, count).CopyTo(buffer);
            }

            buffer = buffer[count..];
            offset += count;
        }
    }

    public override void Write(int block, int offset, ReadOnlySpan<byte> buffer)
    {
        var before = buffer.Length == BlockSize ? new ulong[Pages] : Seeds(block);
        if (before is null)
        {
            file.Write(block, offset, buffer);
            return;
        }

        if (Folded(before, offset, buffer) is { } seeds)
        {
            Seeds(block) = seeds;
            return;
        }

        var rented = ArrayPool<byte>.Shared.Rent(BlockSize);
        var whole = rented.AsSpan(0, BlockSize);
        if (buffer.Length < BlockSize)
        {
            Read(block, 0, whole);
        }

        buffer.CopyTo(whole[offset..]);
        file.Write(block, 0, whole);
        Seeds(block) = null;
        ArrayPool<byte>.Shared.Return(rented);
    }

    public override void Dispose() => file.Dispose();

    protected override void Grow(int block) => chunks[block / ChunkBlocks] ??= new Chunk();

    /// <summary>The seeds after the write; null when a page of it is none that was generated.</summary>
    private static ulong[]? Folded(ulong[] before, int offset, ReadOnlySpan<byte> buffer)
    {
        if (offset % GeneratedPage.Size != 0 || buffer.Length % GeneratedPage.Size != 0)
        {
            return null;
        }

        var seeds = (ulong[])before.Clone();
        for (var at = 0; at < buffer.Length; at += GeneratedPage.Size)
        {
            if (GeneratedPage.FindSeed(buffer.Slice(at, GeneratedPage.Size)) is not { } seed)
            {
                return null;
            }

            seeds[(offset + at) / GeneratedPage.Size] = seed;
        }

        return seeds;
    }

    private ref ulong[]? Seeds(int block) => ref chunks[block / ChunkBlocks]!.Seeds[block % ChunkBlocks];

    private sealed class Chunk
    {
        /// <summary>Of each page of a block its seed; null for a block that lies in the file.</summary>
        public ulong[]?[] Seeds { get; } = new ulong[]?[ChunkBlocks];
    }
}
