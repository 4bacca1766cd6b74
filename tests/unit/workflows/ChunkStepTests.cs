using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.Secondary.Destinations;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>What the steps over a repository of chunks ask of a destination, tell on the way, and leave behind.</summary>
public sealed class ChunkStepTests : IDisposable, IActivityExecution
{
    private const string Volume = "0f8fad5b-d9cb-469f-a165-70867728950e";
    private readonly string _folder = Directory.CreateTempSubdirectory("swf-steps-").FullName;
    private readonly SecondaryDestinations _destinations;

    public ChunkStepTests() => _destinations = new SecondaryDestinations(
        new SecondaryOptions
        {
            DefaultDestination = "nfs1",
            Destinations = [new SecondaryDestinationOptions { Name = "nfs1", Path = _folder, Server = "s", Export = "/e", RequireMount = false, MinimumFreeBytes = 0 }],
        },
        time: TimeProvider.System);

    public CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public int Attempt => 1;

    public string InstanceId => new('0', 32);

    public int TaskId => 1;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public ValueTask ReportProgressAsync(object progress) => ValueTask.CompletedTask;

    [Fact]
    public async Task Room_for_the_whole_disk_is_asked_for_until_chunks_build_on_an_earlier_snapshot()
    {
        var step = new InspectDestination(_destinations, TimeProvider.System, this);
        var input = new InspectDestinationInput(null, 1L << 60, "6f8fad5b-d9cb-469f-a165-70867728950e", Volume, new RequestKey(new string('a', 32))) { Format = DataFormats.Chunks, Copy = CopyMethods.Stream };
        async Task DemandFullAsync(InspectDestinationInput asked) =>
            Assert.Equal("store.full", (await Assert.ThrowsAsync<StepFaultException>(() => step.RunAsync(null!, asked))).Fault.Code);

        await DemandFullAsync(input);
        await BackUpAsync("another", new byte[100_000]);
        await DemandFullAsync(input);
        await BackUpAsync(Volume, new byte[100_000]);
        Assert.Equal(DataFormats.Chunks, (await step.RunAsync(null!, input)).Format);
        await DemandFullAsync(input with { Format = DataFormats.Vhd });
    }

    /// <summary>Before anything is made, and not after a whole copy of which the repository knows nothing.</summary>
    [Fact]
    public async Task Chunks_by_the_hypervisor_are_refused_before_anything_is_made()
    {
        var input = new InspectDestinationInput(null, 1, "6f8fad5b-d9cb-469f-a165-70867728950e", Volume, new RequestKey(new string('c', 32))) { Format = DataFormats.Chunks, Copy = CopyMethods.Offload };
        var refused = await Assert.ThrowsAsync<StepFaultException>(() => new InspectDestination(_destinations, TimeProvider.System, this).RunAsync(null!, input));
        Assert.Equal(("copy.format", FaultKind.Rejected), (refused.Fault.Code, refused.Fault.Kind));
    }

    [Fact]
    public async Task A_verification_tells_how_far_of_the_disk_it_is()
    {
        var disk = new byte[40 << 20];
        new Random(1).NextBytes(disk);
        var key = new RequestKey(new string('b', 32));
        var snapshot = await BackUpAsync(Volume, disk, key.Uuid);
        var reports = new Reports();
        var verdict = await new ChunksStreamFormat(new Hasty()).VerifyAsync(
            _destinations.Get(null), new VerifyCopyInput(key, "nfs1", "", new ContentReceipt(snapshot.Root, disk.Length, 0, 0)) { Format = DataFormats.Chunks }, reports, CancellationToken);
        Assert.NotNull(verdict.Content);
        Assert.True(reports.Count > 2, $"{reports.Count} reports");
        Assert.All(reports, r => Assert.Equal(disk.Length, r.TotalBytes));
        Assert.Equal(reports.Select(r => r.DoneBytes).Order(), reports.Select(r => r.DoneBytes));
        Assert.Contains(reports, r => r.DoneBytes > 0 && r.DoneBytes < disk.Length);
        Assert.Equal(disk.Length, reports[^1].DoneBytes);
    }

    /// <summary>Its object is some hundred bytes; billed by that, a tenant's copies in chunks would be for nothing.</summary>
    [Fact]
    public async Task A_copy_in_chunks_takes_up_its_chunks_also_those_that_it_shares()
    {
        var disk = new byte[40 << 20];
        new Random(1).NextBytes(disk.AsSpan(0, 24 << 20));
        var keys = new[] { new RequestKey(new string('b', 32)), new RequestKey(new string('c', 32)) };
        foreach (var key in keys)
        {
            var snapshot = await BackUpAsync(Volume, disk, key.Uuid);
            var verdict = await new ChunksStreamFormat(TimeProvider.System).VerifyAsync(
                _destinations.Get(null), new VerifyCopyInput(key, "nfs1", "", new ContentReceipt(snapshot.Root, disk.Length, 0, 0)) { Format = DataFormats.Chunks }, new Reports(), CancellationToken);
            Assert.InRange(verdict.Content!.OccupiedBytes!.Value, 24 << 20, 25 << 20);
            Assert.True(verdict.Content.StoredBytes < 1 << 20);
        }
    }

    /// <summary>A chunk that the disk repeats is stored once, and billed once.</summary>
    [Fact]
    public async Task A_copy_in_chunks_takes_up_once_what_its_disk_repeats()
    {
        var part = new byte[1 << 20];
        new Random(2).NextBytes(part);
        var disk = new byte[24 << 20];
        for (var at = 0; at < disk.Length; at += part.Length) part.CopyTo(disk, at);
        var key = new RequestKey(new string('d', 32));
        var snapshot = await BackUpAsync(Volume, disk, key.Uuid);
        var verdict = await new ChunksStreamFormat(TimeProvider.System).VerifyAsync(
            _destinations.Get(null), new VerifyCopyInput(key, "nfs1", "", new ContentReceipt(snapshot.Root, disk.Length, 0, 0)) { Format = DataFormats.Chunks }, new Reports(), CancellationToken);
        Assert.InRange(verdict.Content!.OccupiedBytes!.Value, part.Length, 2 * part.Length);
    }

    [Fact]
    public async Task A_collection_takes_what_killed_writers_left_half_written_once_it_is_old()
    {
        await BackUpAsync(Volume, new byte[100_000]);
        var packs = Directory.CreateDirectory(Path.Combine(_folder, "swf/chunks/packs/x.1")).FullName;
        var (old, young) = (Path.Combine(packs, ".old.0123.partial"), Path.Combine(packs, ".young.0123.partial"));
        foreach (var file in new[] { old, young })
            await File.WriteAllTextAsync(file, "half", CancellationToken);
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-3));
        await new CollectRepository(_destinations, new SnapshotIndex(new CatalogDatabase(Path.Combine(_folder, "catalog.db"))), TimeProvider.System, this).RunAsync(null!, new CollectRepositoryInput("nfs1"));
        Assert.Equal([young], Directory.GetFiles(packs));
    }

    [Fact]
    public async Task Half_written_manifests_and_copies_of_a_week_ago_are_swept_wherever_they_lie()
    {
        var volume = Directory.CreateDirectory(Path.Combine(_folder, "swf", "z", "v")).FullName;
        string[] swept = [Path.Combine(volume, ".s1.manifest.json.0123456789abcdef.partial"), Path.Combine(volume, ".s1.vhd.staged.partial")];
        string[] kept = [Path.Combine(volume, ".s2.manifest.json.0123456789abcdef.partial"), Path.Combine(volume, "s3.vhd"), Path.Combine(_folder, ".other.partial")];
        foreach (var file in swept.Concat(kept))
        {
            await File.WriteAllTextAsync(file, "half", CancellationToken);
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-8));
        }
        File.SetLastWriteTimeUtc(kept[0], DateTime.UtcNow.AddDays(-6));
        Assert.Empty((await new FindRepositories(_destinations, TimeProvider.System, this).RunAsync(null!, new CollectChunksInput("timer"))).Destinations);
        Assert.All(swept, file => Assert.False(File.Exists(file), file));
        Assert.All(kept, file => Assert.True(File.Exists(file), file));
    }

    private async Task<ChunkSnapshot> BackUpAsync(string volume, byte[] disk, string? id = null)
    {
        var repository = await _destinations.Get(null).OpenOrCreateRepositoryAsync(TimeProvider.System, CancellationToken);
        return await repository.WriteAsync(new ChunkSnapshotRequest { Snapshot = id ?? Guid.NewGuid().ToString(), Volume = volume }, (IRandomAccessSource)new MemorySource(disk), null, CancellationToken);
    }

    private sealed class Reports : List<DiskProgress>, IProgress<DiskProgress>
    {
        public void Report(DiskProgress value) => Add(value);
    }

    /// <summary>A second passes at each look at the clock, so that every report is due.</summary>
    private sealed class Hasty : TimeProvider
    {
        private long _looks;

        public override long GetTimestamp() => Interlocked.Increment(ref _looks) * TimestampFrequency;
    }
}
