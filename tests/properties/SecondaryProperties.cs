using FsCheck;
using FsCheck.Fluent;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.Secondary.Vhd;
using SnapshotWorkflows.Tests.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Properties;

public sealed class SecondaryProperties
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private static readonly Config s_few = Config.QuickThrowOnFailure.WithMaxTest(60).WithQuietOnSuccess(true);
    private static readonly Config s_many = Config.QuickThrowOnFailure.WithMaxTest(1000).WithQuietOnSuccess(true);

    private static void ForAllDisks(Func<RandomDisk, bool> holds) => Prop.ForAll(SparseDisks.Disks(), holds).Check(s_few);

    private static T Now<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private static byte[] Vhd(RandomDisk disk)
    {
        var target = new MemoryStream();
        var options = new VhdWriteOptions { DiskBytes = disk.Bytes.Length, UniqueId = new Guid("0a1b2c3d-0000-4000-8000-00000000000a"), Timestamp = VhdFormat.Epoch };
        Now(VhdWriter.WriteAsync(new RawDisk(new MemorySource(disk.Bytes)), target, options, s_none));
        return target.ToArray();
    }

    [Fact]
    public void The_root_equals_the_naive_model_on_every_path() => ForAllDisks(disk =>
    {
        var model = disk.NaiveRoot();
        var vhd = Vhd(disk);
        var reader = Now(VhdReader.OpenAsync(new MemorySource(vhd), s_none));
        return Now(DiskHasher.ComputeAsync(new MemoryStream(disk.Bytes), disk.Bytes.Length, DiskHashOptions.Default, null, s_none)).Root.Hex == model
            && Now(DiskHasher.ComputeAsync(reader, DiskHashOptions.Default, null, s_none)).Root.Hex == model
            && Now(DiskHasher.ComputeFromVhdStreamAsync(new MemoryStream(vhd), DiskHashOptions.Default, null, s_none)).Root.Hex == model;
    });

    [Fact]
    public void Writing_a_vhd_and_reading_it_is_the_identity_and_the_checker_is_content() => ForAllDisks(disk =>
    {
        var vhd = Vhd(disk);
        var reader = Now(VhdReader.OpenAsync(new MemorySource(vhd), s_none));
        var read = new byte[disk.Bytes.Length];
        return Now(reader.ReadAsync(0, read, s_none).AsTask()) == read.Length
            && read.AsSpan().SequenceEqual(disk.Bytes)
            && Now(VhdCheck.RunAsync(new MemorySource(vhd), VhdFormat.Epoch, s_none)).Findings.Count == 0;
    });

    [Fact]
    public void Splitting_a_disk_into_blocks_and_joining_them_is_the_identity_in_any_order() =>
        Prop.ForAll(SparseDisks.Disks(), ArbMap.Default.ArbFor<int>(), (disk, seed) =>
        {
            var blocks = Enumerable.Range(0, (disk.Bytes.Length + VhdFormat.DefaultBlockBytes - 1) / VhdFormat.DefaultBlockBytes)
                .Select(i => new VhdBlock(i, disk.Bytes.AsMemory(i * VhdFormat.DefaultBlockBytes, Math.Min(VhdFormat.DefaultBlockBytes, disk.Bytes.Length - i * VhdFormat.DefaultBlockBytes))))
                .ToArray();
            new Random(seed).Shuffle(blocks);
            var target = new MemoryStream();
            var options = new VhdWriteOptions { DiskBytes = disk.Bytes.Length, UniqueId = new Guid("0a1b2c3d-0000-4000-8000-00000000000a"), Timestamp = VhdFormat.Epoch };
            Now(VhdWriter.WriteAsync(blocks.ToAsyncEnumerable(), target, options, s_none));
            var reader = Now(VhdReader.OpenAsync(new MemorySource(target.ToArray()), s_none));
            var read = new byte[disk.Bytes.Length];
            Now(reader.ReadAsync(0, read, s_none).AsTask());
            return read.AsSpan().SequenceEqual(disk.Bytes);
        }).Check(s_few);

    [Fact]
    public void Extents_cover_exactly_what_is_not_zero_up_to_their_grain() => ForAllDisks(disk =>
    {
        var rebuilt = new byte[disk.Bytes.Length];
        long end = -1;
        foreach (var extent in new RawDisk(new MemorySource(disk.Bytes)).ExtentsAsync(s_none).ToBlockingEnumerable())
        {
            if (extent.Length <= 0 || extent.Offset <= end)
                return false;
            end = extent.End;
            disk.Bytes.AsSpan((int)extent.Offset, (int)extent.Length).CopyTo(rebuilt.AsSpan((int)extent.Offset));
        }
        return rebuilt.AsSpan().SequenceEqual(disk.Bytes);
    });

    [Fact]
    public void One_flipped_bit_changes_the_root() =>
        Prop.ForAll(SparseDisks.Disks(), ArbMap.Default.ArbFor<uint>(), (disk, where) =>
        {
            var changed = (byte[])disk.Bytes.Clone();
            changed[where % (uint)changed.Length] ^= (byte)(1 << (int)(where % 8));
            var digests = new[] { disk.Bytes, changed }
                .Select(bytes => Now(DiskHasher.ComputeAsync(new MemoryStream(bytes), bytes.Length, DiskHashOptions.Default, null, s_none))).ToArray();
            var at = where % (uint)changed.Length;
            var difference = digests[0].FirstDifference(digests[1])!.Value;
            return digests[0].Root != digests[1].Root && difference.Offset <= at && at < difference.End;
        }).Check(s_few);

    [Fact]
    public void A_name_is_taken_exactly_if_it_fulfils_the_written_rules_and_no_text_leaves_the_folder()
    {
        using var folder = new TempFolder();
        var store = new FolderStore(new FolderStoreOptions { Name = "local", Path = folder.Path, RequireMount = false, MinimumFreeBytes = 0 });
        var characters = Gen.Elements("aZ0._-/ \\~:\n\0é*%".ToCharArray());
        var texts = Gen.Choose(0, 12).SelectMany(length => characters.ArrayOf(length)).Select(c => new string(c)).ToArbitrary();
        Prop.ForAll(texts, text =>
        {
            var valid = text.Length > 0 && text.Split('/').All(s =>
                s.Length > 0 && !s.StartsWith('.') && !s.EndsWith('.') && s.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'));
            if (StoreName.IsValid(text) != valid)
                return false;
            if (!valid)
                return true;
            return Path.GetFullPath(Path.Combine(folder.Path, text)) == $"{folder.Path}/{text}" && Now(store.FindAsync(text, s_none)) is null;
        }).Check(s_many);
    }

    [Fact]
    public void Names_of_manifests_are_parsed_back_to_what_they_were_made_of_and_differ_where_it_differs() =>
        Prop.ForAll(ArbMap.Default.ArbFor<Guid>(), ArbMap.Default.ArbFor<Guid>(), ArbMap.Default.ArbFor<Guid>(), (zone, volume, snapshot) =>
        {
            var address = new SnapshotAddress(zone.ToString(), volume.ToString(), snapshot.ToString());
            return SnapshotLocations.TryParseManifest(SnapshotLocations.Manifest(address), out var parsed) && parsed == address
                && StoreName.IsValid(SnapshotLocations.DataFile(address, snapshot.ToString()));
        }).Check(s_many);
}
