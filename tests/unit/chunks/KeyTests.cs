using System.Security.Cryptography;
using SnapshotWorkflows.Secondary.Chunks;
using Xunit;
using static SnapshotWorkflows.Tests.Unit.Chunks.ChunkWorld;

namespace SnapshotWorkflows.Tests.Unit.Chunks;

public sealed class KeyTests
{
    [Fact]
    public async Task A_key_whose_name_another_repositorys_key_has_is_refused_and_another_id_does()
    {
        var (store, other) = (new MemoryStore(), new MemoryStore());
        var disk = Disk(10, 1);
        await (await OpenAsync(store, Inline, Keys("k1"))).BackUpAsync("s1", disk);
        await OpenAsync(other, Inline, Keys("k2"));
        store.Replace("swf/chunks/keys/k2", other.Objects["swf/chunks/keys/k2"]);
        Assert.Equal(ChunkCodes.Key, (await Assert.ThrowsAsync<ChunkException>(() => OpenAsync(store, Inline, Keys("k2")))).Code);
        Assert.Equal(disk, await (await OpenAsync(store, Inline, Keys("k1"))).ReadAsync("s1"));
    }

    [Fact]
    public async Task A_key_for_a_repository_that_is_plain_is_refused_and_where_encryption_begins_is_told()
    {
        var store = new MemoryStore();
        await OpenAsync(store, Inline);
        var refused = await Assert.ThrowsAsync<ChunkException>(() => OpenAsync(store, Inline, Keys("k1")));
        Assert.Equal(ChunkCodes.Key, refused.Code);
        Assert.Contains("another export or container", refused.Remedy, StringComparison.Ordinal);
    }

    // The same backup in two lives of which one has no libzstd. The leaves are stored as they are, so the records are the same; the page of them is not.
    [Fact]
    public async Task Index_pages_of_another_codec_are_encrypted_under_another_salt()
    {
        var store = new MemoryStore();
        await OpenAsync(store, Inline, Keys());
        var disk = new byte[60 * Leaf];
        new Random(1).NextBytes(disk);
        var objects = new List<byte[]>();
        foreach (var zstd in new[] { true, false })
        {
            var life = store.Copy();
            await (await OpenAsync(life, Inline with { Zstd = zstd }, Keys())).BackUpAsync("s1", disk);
            objects.Add(life.Objects[life.Names("swf/chunks/indexes/").Single()]);
            Assert.Equal(disk, await (await OpenAsync(life, Inline, Keys())).ReadAsync("s1"));
        }
        Assert.NotEqual(SHA256.HashData(objects[0][..100]), SHA256.HashData(objects[1][..100]));
        // docs/formats/chunks.md: behind the salt come 72 - 16 bytes.
        Assert.NotEqual(objects[0][^72..^56], objects[1][^72..^56]);
    }
}
