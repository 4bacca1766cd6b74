using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Restore;
using SnapshotWorkflows.Secondary.Vhd;
using SnapshotWorkflows.Secondary.Verify;
using SnapshotWorkflows.Tests.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

public sealed class VerificationTests : IDisposable
{
    private static readonly string s_location = ManifestTests.Sample().Location;
    private readonly TempFolder _folder = new();
    private readonly byte[] _disk = Disks.Sample();

    public void Dispose() => _folder.Dispose();

    private async Task<(ISecondaryStore Store, DiskDigest Source)> StoreAsync(Func<byte[], byte[]>? damage = null)
    {
        var store = Disks.Store(_folder);
        var vhd = await Disks.VhdOf(_disk);
        await store.PutAsync(s_location, damage?.Invoke(vhd) ?? vhd, Disks.None);
        return (store, await DiskHasher.ComputeAsync(new MemoryStream(_disk), _disk.Length, new DiskHashOptions { Sha256 = true }, null, Disks.None));
    }

    private static Task<VerificationResult> VerifyAsync(ISecondaryStore store, VerificationRequest request) =>
        new VhdVerification(new FixedTime()).VerifyAsync(store, request, null, Disks.None);

    [Fact]
    public async Task A_good_copy_matches_by_root_and_by_source()
    {
        var (store, source) = await StoreAsync();
        var result = await VerifyAsync(store, new VerificationRequest
        {
            Location = s_location,
            ExpectedRoot = source.Root,
            ExpectedDiskBytes = _disk.Length,
            Source = source,
            Hashing = new DiskHashOptions { Sha256 = true },
        });
        Assert.Equal(VerificationVerdict.Match, result.Verdict);
        Assert.Equal(source.Sha256, result.Digest!.Sha256);
        Assert.Equal(6 * Disks.MiB, result.AllocatedBytes);
        Assert.Empty(result.Findings);
        Assert.Null(result.FirstDifference);
        Assert.Equal(VerificationVerdict.Match, (await VerifyAsync(store, new VerificationRequest { Location = s_location, Source = source })).Verdict);
        Assert.Equal(VerificationVerdict.NotCompared, (await VerifyAsync(store, new VerificationRequest { Location = s_location })).Verdict);
    }

    [Fact]
    public async Task A_single_flipped_bit_in_the_data_is_a_mismatch_that_names_the_extent()
    {
        var (store, source) = await StoreAsync(vhd =>
        {
            // Block 2 of the disk is the second in the file; 70,000 bytes into it data begins.
            vhd[2048 + 512 + 2 * Disks.MiB + 512 + 80_000] ^= 4;
            return vhd;
        });
        var result = await VerifyAsync(store, new VerificationRequest { Location = s_location, Source = source });
        Assert.Equal(VerificationVerdict.Mismatch, result.Verdict);
        Assert.Equal(new DiskExtent(4 * Disks.MiB, 2 * Disks.MiB), result.FirstDifference);
        Assert.Contains("offset 4194304", result.Summary);
        Assert.Equal(VerificationVerdict.Mismatch, (await VerifyAsync(store, new VerificationRequest { Location = s_location, ExpectedRoot = source.Root })).Verdict);
    }

    [Fact]
    public async Task A_cleared_bitmap_bit_is_damage_in_a_vhd_of_our_own()
    {
        var (store, source) = await StoreAsync(vhd =>
        {
            vhd[2048] = 0;
            return vhd;
        });
        Assert.Equal(VerificationVerdict.Damaged, (await VerifyAsync(store, new VerificationRequest { Location = s_location, Source = source })).Verdict);
    }

    [Fact]
    public async Task Another_size_is_a_mismatch_and_a_broken_structure_is_damage()
    {
        var (store, source) = await StoreAsync();
        Assert.Equal(VerificationVerdict.Mismatch,
            (await VerifyAsync(store, new VerificationRequest { Location = s_location, ExpectedDiskBytes = 1 << 20, Source = source })).Verdict);

        await store.PutAsync("cut.vhd", (await Disks.VhdOf(_disk)).AsMemory(0, 3_000_000), Disks.None);
        var damaged = await VerifyAsync(store, new VerificationRequest { Location = "cut.vhd", Source = source });
        Assert.Equal(VerificationVerdict.Damaged, damaged.Verdict);
        Assert.Equal(VhdRule.FooterCookie, Assert.Single(damaged.Findings).Rule);
        Assert.Null(damaged.Digest);
    }

    [Fact]
    public async Task A_missing_copy_is_an_error_and_no_verdict()
    {
        var (store, _) = await StoreAsync();
        Assert.Equal(StoreCodes.Missing, (await Assert.ThrowsAsync<SecondaryStoreException>(() => VerifyAsync(store, new VerificationRequest { Location = "none.vhd" }))).Code);
    }

    private const string Witness = "a/b.manifest.json";

    /// <summary>Each part of the file in turn: header, table, data, footer.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1540)]
    [InlineData(2 << 20)]
    [InlineData(-100)]
    public async Task A_sector_that_cannot_be_read_is_damage_where_the_store_answers_and_an_error_where_it_does_not(int at)
    {
        var (inner, source) = await StoreAsync();
        await inner.PutAsync(Witness, "{}"u8.ToArray(), Disks.None);
        var store = new BadSectors(inner);
        var offset = at < 0 ? (await inner.FindAsync(s_location, Disks.None))!.Length + at : at;
        store.Bad(s_location, offset, offset + 1);
        var request = new VerificationRequest { Location = s_location, Source = source, Witness = Witness };
        var damaged = await VerifyAsync(store, request);
        Assert.Equal(VerificationVerdict.Damaged, damaged.Verdict);
        Assert.Contains("from byte", damaged.Summary, StringComparison.Ordinal);
        Assert.Null(damaged.Digest);

        // Nobody to ask; a store that is away; one that was, for a moment.
        Assert.Equal(StoreCodes.Io, (await Assert.ThrowsAsync<SecondaryStoreException>(() => VerifyAsync(store, request with { Witness = null }))).Code);
        var bad = store.IsBad;
        store.IsBad = (name, from, length) => name == Witness || bad(name, from, length);
        Assert.Equal(StoreCodes.Unavailable, (await Assert.ThrowsAsync<SecondaryStoreException>(() => VerifyAsync(store, request))).Code);
        var once = true;
        store.IsBad = (name, from, length) => bad(name, from, length) && once && !(once = false);
        Assert.Equal(VerificationVerdict.Match, (await VerifyAsync(store, request)).Verdict);
        Assert.False(once);
    }

    [Fact]
    public async Task A_copy_that_cannot_be_opened_is_damage_where_the_store_answers()
    {
        var (inner, source) = await StoreAsync();
        await inner.PutAsync(Witness, "{}"u8.ToArray(), Disks.None);
        var store = new BadSectors(inner);
        store.Bad(s_location);
        Assert.Equal(VerificationVerdict.Damaged, (await VerifyAsync(store, new VerificationRequest { Location = s_location, Source = source, Witness = Witness })).Verdict);
    }

    /// <summary>Its time is the array's; ours may be behind.</summary>
    [Fact]
    public async Task A_copy_of_the_future_is_told_so_and_is_good()
    {
        var (store, source) = await StoreAsync(vhd =>
        {
            Planted.Footer32(vhd, 24, (uint)(Disks.Noon.AddHours(3) - SnapshotWorkflows.Secondary.Vhd.VhdFormat.Epoch).TotalSeconds);
            return vhd;
        });
        var result = await VerifyAsync(store, new VerificationRequest { Location = s_location, Source = source });
        Assert.Equal(VerificationVerdict.Match, result.Verdict);
        Assert.Equal(VhdRule.Timestamp, Assert.Single(result.Findings).Rule);
    }

    /// <summary>A restore was killed between giving the file its name and taking the other away; the file was moved into use; then the same restore again.</summary>
    [Fact]
    public async Task A_restore_does_not_empty_the_file_of_an_earlier_one_that_was_killed()
    {
        var (store, source) = await StoreAsync();
        var manifest = ManifestTests.Sample() with { DiskBytes = _disk.Length, Root = source.Root.Hex };
        using var target = new TempFolder();
        var (path, used) = (target.Of("x"), target.Of("in-use"));
        await VhdRestore.RestoreToFileAsync(store, manifest, path, DiskHashOptions.Default, null, Disks.None);
        Assert.Equal(0, SnapshotWorkflows.Secondary.Nfs.Libc.Link(path, path + ".partial"));
        File.Move(path, used);

        await VhdRestore.RestoreToFileAsync(store, manifest, path, DiskHashOptions.Default, null, Disks.None);
        Assert.Equal(_disk, await File.ReadAllBytesAsync(used));
        Assert.Equal(_disk, await File.ReadAllBytesAsync(path));
        Assert.Equal([used, path], Directory.GetFiles(target.Path).Order(StringComparer.Ordinal));

        // What one left that was killed before is used again, and is not there to stop anybody; but who writes there now is not disturbed.
        File.Delete(path);
        await File.WriteAllBytesAsync(path + ".partial", new byte[100]);
        await VhdRestore.RestoreToFileAsync(store, manifest, path, DiskHashOptions.Default, null, Disks.None);
        Assert.Equal(_disk, await File.ReadAllBytesAsync(path));
        File.Delete(path);
        using (File.OpenHandle(path + ".partial", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
            await Assert.ThrowsAsync<IOException>(() => VhdRestore.RestoreToFileAsync(store, manifest, path, DiskHashOptions.Default, null, Disks.None));
        Assert.True(File.Exists(path + ".partial"));
    }

    [Fact]
    public async Task A_restore_writes_the_disk_sparsely_and_leaves_nothing_else()
    {
        var (store, source) = await StoreAsync();
        var manifest = ManifestTests.Sample() with { DiskBytes = _disk.Length, Root = source.Root.Hex };
        using var target = new TempFolder();
        var path = target.Of("restored.raw");
        var receipt = await VhdRestore.RestoreToFileAsync(store, manifest, path, new DiskHashOptions { Sha256 = true }, null, Disks.None);

        Assert.Equal(_disk, await File.ReadAllBytesAsync(path));
        Assert.Equal(source.Sha256, receipt.Sha256);
        Assert.Equal(source.NonZeroBytes, receipt.WrittenBytes);
        Assert.Equal([path], Directory.GetFiles(target.Path));
        var again = await Assert.ThrowsAsync<SecondaryStoreException>(() => VhdRestore.RestoreToFileAsync(store, manifest, path, DiskHashOptions.Default, null, Disks.None));
        Assert.Equal(StoreCodes.Exists, again.Code);
    }

    [Fact]
    public async Task A_restore_of_other_bytes_than_the_manifests_leaves_no_file()
    {
        var (store, source) = await StoreAsync(vhd =>
        {
            vhd[2048 + 512 + 600] ^= 1;
            return vhd;
        });
        using var target = new TempFolder();
        var manifest = ManifestTests.Sample() with { DiskBytes = _disk.Length, Root = source.Root.Hex };
        var refused = await Assert.ThrowsAsync<DiskContentException>(() => VhdRestore.RestoreToFileAsync(store, manifest, target.Of("r"), DiskHashOptions.Default, null, Disks.None));
        Assert.Equal("restore.root", refused.Code);
        var resized = await Assert.ThrowsAsync<DiskContentException>(() => VhdRestore.RestoreToFileAsync(store, manifest with { DiskBytes = 512 }, target.Of("r"), DiskHashOptions.Default, null, Disks.None));
        Assert.Equal("restore.size", resized.Code);
        Assert.Empty(Directory.GetFiles(target.Path));
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Disks.Noon;
    }
}
