using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>A verified copy becomes a backup whatever the clocks of the nodes said while it was made.</summary>
public sealed class PublishManifestTests : IDisposable, IActivityExecution
{
    private const string Uuid = "6f8fad5b-d9cb-469f-a165-70867728950e";
    private static readonly DateTimeOffset s_now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
    private readonly string _folder = Directory.CreateTempSubdirectory("swf-publish-").FullName;

    public CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public int Attempt => 1;

    public string InstanceId => new('0', 32);

    public int TaskId => 1;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public ValueTask ReportProgressAsync(object progress) => ValueTask.CompletedTask;

    [Fact]
    public async Task A_clock_that_was_set_back_during_the_copy_costs_no_copy()
    {
        var destinations = new SecondaryDestinations(new SecondaryOptions
        {
            Destinations = [new SecondaryDestinationOptions { Name = "nfs1", Path = _folder, Server = "s", Export = "/e", RequireMount = false, MinimumFreeBytes = 0 }],
        });
        using var catalog = new CatalogDatabase(Path.Combine(_folder, "catalog.db"));
        var time = new ManualTimeProvider(s_now);
        var key = new RequestKey(new string('a', 32));
        var address = new SnapshotAddress(Uuid, Uuid, key.Uuid);
        var volume = new ArrayVolume("c", 1);
        var input = new PublishManifestInput
        {
            Request = new SnapshotVolumeInput { Key = key, VolumeId = Uuid, Caller = "test" },
            Volume = new CloudStackVolume(Uuid, "v", "/iqn/0", Uuid, "a", null, null, 1 << 20),
            Array = new SourceVolume(volume, "v", "iqn", 1 << 20, 1, "127.0.0.1:3260"),
            Snapshot = new StorageSnapshot(1, Uuid, s_now, 1 << 20),
            Host = new CopyHost("pool", Uuid, "host", "iqn", ResignStrategies.Dedicated, "8.2"),
            Destination = new DestinationPlan("nfs1", "s", "/e", "swf/f", SnapshotLocations.Manifest(address), 1 << 30),
            Location = "swf/f/x.vhd",
            Content = new ContentReceipt(new string('b', 64), 1 << 20, 1, 1),
            Consistency = "crash",
            CopyStartedAt = s_now,
            CopyEndedAt = s_now.AddSeconds(-5),
            VerifiedAt = s_now,
        };
        var step = new PublishManifest(destinations, new IntentLedger(catalog, time), new Marker(Options.Create(new InstallationOptions { Installation = "us" }), time), NullLogger<PublishManifest>.Instance, this);
        await step.RunAsync(null!, input);
        // Again, as after a lost answer: the same bytes.
        await step.RunAsync(null!, input);
        var manifest = await new ManifestStore(destinations.Get(null).Store).FindAsync(address, CancellationToken);
        Assert.Equal((s_now, s_now), (manifest!.Copy.StartedAt, manifest.Copy.EndedAt));
    }
}
