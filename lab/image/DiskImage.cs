using System.Security.Cryptography;

namespace SnapshotWorkflows.Lab.Image;

/// <summary>
/// Makes the raw disk of the sample guest: a partition table, one FAT32 partition, folders of files whose content is known, and regions
/// that stay empty. The same seed and size give the same bytes on every machine, without mkfs or any other tool.
/// </summary>
internal static class DiskImage
{
    private const int PartitionStart = 2048;

    /// <summary>Smallest disk that a FAT32 file system fits on, with room for the files.</summary>
    public const long SmallestBytes = 48L << 20;

    /// <summary>Writes the image at <paramref name="path"/> and its list of files beside it (<c>.json</c>); reuses what an earlier run made.</summary>
    public static async Task<ImageManifest> EnsureAsync(string path, long bytes, int seed, CancellationToken cancellation)
    {
        var listPath = path + ".json";
        if (File.Exists(path) && File.Exists(listPath)) return await ImageManifest.ReadAsync(listPath, cancellation);

        // Under another name first: a run that is stopped here, or another one beside it, must never meet half an image.
        var partial = $"{path}.{Environment.ProcessId}.partial";
        var manifest = await WriteAsync(partial, bytes, seed, cancellation);
        await manifest.WriteAsync(partial + ".json", cancellation);
        File.Move(partial, path, overwrite: true);
        File.Move(partial + ".json", listPath, overwrite: true);
        return manifest;
    }

    private static async Task<ImageManifest> WriteAsync(string path, long bytes, int seed, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, SmallestBytes);
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        RandomAccess.SetLength(file, bytes);
        var volume = new Fat32Volume(bytes / 512 - PartitionStart, PartitionStart, (uint)seed);
        var files = SampleFiles.Plan(bytes, seed).Select(sample => (sample, Place: volume.Add(sample.Path, sample.Bytes, sample.GapBytes))).ToList();
        RandomAccess.Write(file, PartitionTable((uint)(bytes / 512 - PartitionStart), seed), 0);
        volume.Write(file);

        var listed = new ImageFile[files.Count];
        await Parallel.ForAsync(0, files.Count, cancellation, (i, token) =>
        {
            var (sample, place) = files[i];
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var at = place;
            foreach (var part in sample.Content())
            {
                token.ThrowIfCancellationRequested();
                hash.AppendData(part.Span);
                RandomAccess.Write(file, part.Span, at);
                at += part.Length;
            }

            listed[i] = new ImageFile(sample.Path, sample.Bytes, place, Convert.ToHexStringLower(hash.GetHashAndReset()));
            return ValueTask.CompletedTask;
        });

        return new ImageManifest(bytes, seed, [.. listed.Where(f => f.Path != SampleFiles.Scratch)], listed.Single(f => f.Path == SampleFiles.Scratch));
    }

    /// <summary>A master boot record with one partition of type 0x0C (FAT32 with logical block addresses).</summary>
    private static byte[] PartitionTable(uint sectors, int seed)
    {
        var mbr = new byte[512];
        BitConverter.TryWriteBytes(mbr.AsSpan(440), seed);
        var entry = mbr.AsSpan(446, 16);
        new byte[] { 0xFE, 0xFF, 0xFF }.CopyTo(entry[1..]);
        entry[4] = 0x0C;
        new byte[] { 0xFE, 0xFF, 0xFF }.CopyTo(entry[5..]);
        BitConverter.TryWriteBytes(entry[8..], PartitionStart);
        BitConverter.TryWriteBytes(entry[12..], sectors);
        mbr[510] = 0x55;
        mbr[511] = 0xAA;
        return mbr;
    }
}
