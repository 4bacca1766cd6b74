using System.Text.Json;

namespace SnapshotWorkflows.Lab.Image;

/// <summary>One file of the sample disk, where its content starts on the disk, and its hash.</summary>
internal sealed record ImageFile(string Path, long Bytes, long Offset, string Sha256);

/// <summary>What the sample disk holds. <paramref name="Scratch"/> is the file that the running guest writes into; all others stay as they are.</summary>
internal sealed record ImageManifest(long Bytes, int Seed, IReadOnlyList<ImageFile> Files, ImageFile Scratch)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task<ImageManifest> ReadAsync(string path, CancellationToken cancellation)
    {
        await using var file = File.OpenRead(path);
        return await JsonSerializer.DeserializeAsync<ImageManifest>(file, Json, cancellation) ?? throw new InvalidDataException($"{path} is empty; delete it.");
    }

    public Task WriteAsync(string path, CancellationToken cancellation) =>
        File.WriteAllBytesAsync(path, JsonSerializer.SerializeToUtf8Bytes(this, Json), cancellation);
}
