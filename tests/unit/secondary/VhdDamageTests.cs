using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Secondary.Restore;
using SnapshotWorkflows.Secondary.Verify;
using SnapshotWorkflows.Tests.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

/// <summary>
/// Single bits flipped, ends cut off, objects and blocks exchanged: verification finds every one, and a restore gives the right bytes or refuses. A sample here; SWF_DAMAGE=1000 tries as many as are asked for.
/// </summary>
public sealed class VhdDamageTests : IDisposable
{
    private const string Location = "a/b.vhd";
    private static readonly int s_flips = int.TryParse(Environment.GetEnvironmentVariable("SWF_DAMAGE"), out var many) ? many : 60;
    private static readonly int s_others = Math.Max(12, s_flips / 10);

    private readonly TempFolder _folder = new();
    private readonly TempFolder _target = new();
    private readonly byte[] _disk = Disks.Sample();
    private long _length;
    private readonly FolderStore _store;

    public VhdDamageTests() => _store = Disks.Store(_folder);

    public void Dispose()
    {
        _folder.Dispose();
        _target.Dispose();
    }

    [Fact]
    public async Task Every_flipped_bit_is_found_and_none_gives_wrong_bytes()
    {
        var (vhd, source) = await MakeAsync();
        var random = new Random(20261126);
        var regions = Regions();
        for (var i = 0; i < s_flips; i++)
        {
            // Regions in turn, so that the small ones are hit as often as the data.
            var (name, from, to) = regions[i % regions.Count];
            var at = random.NextInt64(from, to);
            var bit = random.Next(8);
            vhd[at] ^= (byte)(1 << bit);
            var result = await JudgeAsync(vhd, source, $"bit {bit} of byte {at} ({name})");
            if (name.StartsWith("data", StringComparison.Ordinal))
            {
                var offset = DiskOffset(at);
                Assert.True(result.FirstDifference is { } extent && extent.Offset <= offset && offset < extent.End, $"byte {at}: the extent named is {result.FirstDifference}, not that of disk offset {offset}");
            }
            vhd[at] ^= (byte)(1 << bit);
        }
        Assert.Equal(VerificationVerdict.Match, (await VerifyAsync(vhd, source)).Verdict);
    }

    [Fact]
    public async Task Every_end_cut_off_is_found_and_none_gives_wrong_bytes()
    {
        var (vhd, source) = await MakeAsync();
        var random = new Random(7);
        for (var i = 0; i < s_others; i++)
        {
            var length = i < 4 ? vhd.Length - (1 << i) : random.Next(0, vhd.Length);
            await JudgeAsync(vhd[..length], source, $"cut to {length} bytes");
        }
    }

    [Fact]
    public async Task Every_object_or_block_exchanged_for_another_is_found_and_none_gives_wrong_bytes()
    {
        var (vhd, source) = await MakeAsync();
        var random = new Random(8);
        for (var i = 0; i < s_others; i++)
        {
            // Sound VHDs, all of them: of another disk, or with two blocks in each other's place.
            var other = (byte[])_disk.Clone();
            other[random.Next(512, 1536)] ^= 0x10;
            await JudgeAsync(i % 2 == 0 ? await Disks.VhdOf(other) : Exchanged(vhd, i % 4 == 1), source, $"exchange {i}");
        }
    }

    private async Task<(byte[] Vhd, DiskDigest Source)> MakeAsync()
    {
        var vhd = await Disks.VhdOf(_disk);
        _length = vhd.Length;
        return (vhd, await DiskHasher.ComputeAsync(new MemoryStream(_disk), _disk.Length, DiskHashOptions.Default, null, Disks.None));
    }

    private async Task<VerificationResult> JudgeAsync(byte[] vhd, DiskDigest source, string what)
    {
        var result = await VerifyAsync(vhd, source);
        Assert.True(result.Verdict is VerificationVerdict.Mismatch or VerificationVerdict.Damaged, $"{what} was not found: {result.Summary}");
        var path = _target.Of("restored");
        try
        {
            var manifest = ManifestTests.Sample() with { Location = Location, DiskBytes = _disk.Length, Root = source.Root.Hex };
            await VhdRestore.RestoreToFileAsync(_store, manifest, path, DiskHashOptions.Default, null, Disks.None);
            var restored = await File.ReadAllBytesAsync(path);
            Assert.True(_disk.AsSpan().SequenceEqual(restored), $"{what} gave wrong bytes");
        }
        catch (SecondaryException refused)
        {
            Assert.NotEmpty(refused.Remedy);
            Assert.False(File.Exists(path), $"{what} was refused and left a file");
        }
        File.Delete(path);
        return result;
    }

    private async Task<VerificationResult> VerifyAsync(byte[] vhd, DiskDigest source)
    {
        await _store.DeleteAsync(Location, Disks.None);
        await _store.PutAsync(Location, vhd, Disks.None);
        return await new VhdVerification(new FixedTime()).VerifyAsync(
            _store, new VerificationRequest { Location = Location, ExpectedRoot = source.Root, ExpectedDiskBytes = _disk.Length, ExpectedDataBytes = _length, Source = source }, null, Disks.None);
    }

    /// <summary>Blocks 0, 2 and 4 of the disk lie one after the other; the last goes only as far as the disk does.</summary>
    private static List<(string Name, long From, long To)> Regions()
    {
        const long first = 2048;
        const long stride = 512 + (2 * Disks.MiB);
        var end = first + (3 * stride);
        return
        [
            ("footer copy", 0, 512), ("header", 512, 1536), ("table", 1536, 1536 + (5 * 4)), ("bitmap", first, first + 512), ("bitmap", first + stride, first + stride + 512),
            ("data 0", first + 512, first + stride), ("data 2", first + stride + 512, first + (2 * stride)), ("data 4", first + (2 * stride) + 512, first + (2 * stride) + 512 + Disks.MiB + 1536),
            ("footer", end, end + 512),
        ];
    }

    private static long DiskOffset(long at)
    {
        const long stride = 512 + (2 * Disks.MiB);
        var block = (at - 2048) / stride;
        return (block * 2 * 2 * Disks.MiB) + (at - 2048 - (block * stride) - 512);
    }

    private static byte[] Exchanged(byte[] vhd, bool inTable)
    {
        var copy = (byte[])vhd.Clone();
        if (inTable)
        {
            vhd.AsSpan(1536, 4).CopyTo(copy.AsSpan(1536 + 8));
            vhd.AsSpan(1536 + 8, 4).CopyTo(copy.AsSpan(1536));
            return copy;
        }
        const int stride = 512 + (2 * Disks.MiB);
        vhd.AsSpan(2048, stride).CopyTo(copy.AsSpan(2048 + stride));
        vhd.AsSpan(2048 + stride, stride).CopyTo(copy.AsSpan(2048));
        return copy;
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Disks.Noon;
    }
}
