using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Converters;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.History;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>The manifest is put and nobody hears of it; then the store refuses, as one does that is not mounted or was made read-only meanwhile.</summary>
public sealed class LostCommits
{
    [Theory]
    [InlineData(null)]
    [InlineData("stream")]
    public async Task A_copy_whose_manifest_may_stand_is_not_destroyed(string? copy)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, Copy = copy });
        var store = new RefusingAfterTheFirst();
        await using var life = new Life(world, store);
        var ended = await life.RunAsync(cancellation);
        Assert.Equal(5, store.Refusals);
        Assert.Empty(await WorldChecker.FaultsAsync(world, life, ended, mustSucceed: true, cancellation));
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
    }

    /// <summary>Only what is certain ends it: the first attempt at a store that is not there, or the store's own word that it has no manifest.</summary>
    [Theory]
    [InlineData(StoreCodes.NotMounted, true, "silent", FaultKind.Rejected, false)]
    [InlineData(StoreCodes.NotMounted, false, "silent", FaultKind.Transient, true)]
    [InlineData(StoreCodes.Full, true, "silent", FaultKind.Transient, true)]
    [InlineData(StoreCodes.Full, true, "absent", FaultKind.Rejected, true)]
    [InlineData(StoreCodes.Denied, false, "there", FaultKind.Transient, true)]
    [InlineData(StoreCodes.Denied, false, "absent", FaultKind.Rejected, true)]
    public async Task A_refusal_is_believed_where_it_is_certain(string code, bool first, string look, FaultKind kind, bool open)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var (engine, client, id) = (life.Get<DurableEngine>(), life.Get<DurableTaskClient>(), await life.PostAsync(cancellation));
        TaskScheduledEvent? call = null;
        await engine.PumpAsync(async () => (call = (await client.GetOrchestrationHistoryAsync(id, cancellation)).OfType<TaskScheduledEvent>().FirstOrDefault(one => one.Name == StepNames.PublishManifest)) is not null, cancellation);
        var input = (PublishManifestInput)JsonDataConverter.Default.Deserialize(call!.Input, typeof(PublishManifestInput))!;
        var intents = life.Get<IntentLedger>();
        var key = new RequestKey(id);
        if (intents.Find(key, "manifest") is not null) intents.Gone(key, "manifest");
        if (!first) intents.Intend(key, "manifest", "secondary", "nfs1", input.Destination.ManifestName);
        var options = new SecondaryOptions { Destinations = [new SecondaryDestinationOptions { Name = "nfs1", Path = world.StorePath, Server = "s", Export = "/e", RequireMount = false, MinimumFreeBytes = 0 }] };
        var publish = new PublishManifest(new SecondaryDestinations(options, _ => new Refusing(code, look)), intents, life.Get<Marker>(), NullLogger<PublishManifest>.Instance, new NoExecution());
        var fault = (await Record.ExceptionAsync(() => publish.RunAsync(null!, input)) as StepFaultException)!.Fault;
        Assert.Equal((code, kind), (fault.Code, fault.Kind));
        Assert.Equal(open, intents.Find(key, "manifest") is not null);
    }

    /// <summary>The hypervisor writes over a mount of its own, so an undo that runs beside a manifest, whoever has put it, would destroy the copy under it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_disk_beside_a_manifest_is_not_destroyed(bool told)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var (engine, client, id) = (life.Get<DurableEngine>(), life.Get<DurableTaskClient>(), await life.PostAsync(cancellation));
        TaskScheduledEvent? call = null;
        await engine.PumpAsync(async () => (call = (await client.GetOrchestrationHistoryAsync(id, cancellation)).OfType<TaskScheduledEvent>().FirstOrDefault(one => one.Name == StepNames.HashSource)) is not null, cancellation);
        var history = await client.GetOrchestrationHistoryAsync(id, cancellation);
        var made = (DestinationVdiInput)JsonDataConverter.Default.Deserialize(history.OfType<TaskScheduledEvent>().Single(one => one.Name == StepNames.CreateDestinationVdi).Input, typeof(DestinationVdiInput))!;
        var folder = (DestinationFolder)JsonDataConverter.Default.Deserialize(history.OfType<TaskScheduledEvent>().Single(one => one.Name == StepNames.PrepareFolder).Input, typeof(DestinationFolder))!;
        var intents = life.Get<IntentLedger>();

        // As an undo of an older version is given it: then the ledger tells the manifest.
        if (!told) intents.Intend(made.Key, "manifest", "secondary", folder.Destination, $"{folder.Folder}.manifest.json");
        if (!told) intents.Made(made.Key, "manifest", "x");
        await File.WriteAllTextAsync(Path.Combine(world.StorePath, $"{folder.Folder}.manifest.json"), "{}", cancellation);
        var destroy = new DestroyDestinationVdi(life.Get<XenServer.IXenServerPools>(), life.Get<SecondaryDestinations>(), intents, life.Get<Marker>(), world.Clock, new NoExecution());
        var input = new OwnedVdiInput(made.Key, made.Pool, made.SrUuid) { Unpublished = told ? folder : null };
        Assert.Equal("store.manifest-exists", (await Assert.ThrowsAsync<StepFaultException>(() => destroy.RunAsync(null!, input))).Fault.Code);
        Assert.Equal(0, world.Faults.CallsOf("xenserver", "VDI.destroy"));
        Assert.Single(Directory.GetFiles(Path.Combine(world.StorePath, folder.Folder), "*.vhd"));
    }

    private sealed class Refusing(string code, string look) : ISecondaryStore, IStagedObjects
    {
        public string Name => "nfs1";

        public Task<PutOutcome> PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellation) => throw Refusal();

        public Task<PutOutcome> PutAsync(string name, Stream content, CancellationToken cancellation) => throw Refusal();

        public Task<StoreObject?> FindAsync(string name, CancellationToken cancellation) => look switch
        {
            "silent" => throw Refusal(),
            "there" => Task.FromResult<StoreObject?>(new StoreObject(name, 1, "tag", default)),
            _ => Task.FromResult<StoreObject?>(null),
        };

        public Task<StoreCheck> CheckAsync(CancellationToken cancellation) => throw Refusal();

        public Task<IStoreReader> OpenAsync(string name, ReadPurpose purpose, CancellationToken cancellation) => throw Refusal();

        public IAsyncEnumerable<StoreObject> ListAsync(string prefix, CancellationToken cancellation) => throw Refusal();

        public Task DeleteAsync(string name, CancellationToken cancellation) => throw Refusal();

        public Task<int> SweepUnfinishedAsync(string prefix, DateTimeOffset untouchedSince, CancellationToken cancellation) => throw Refusal();

        public Task<IStagedObject> OpenStagedAsync(string name, string session, CancellationToken cancellation) => throw Refusal();

        public Task DiscardStagedAsync(string name, CancellationToken cancellation) => throw Refusal();

        private SecondaryStoreException Refusal() => new(code, "The store refuses.", "None.");
    }

    /// <summary>No death: the same points are where the store fails.</summary>
    private sealed class RefusingAfterTheFirst() : CrashSwitch(-1)
    {
        private bool _put;

        public int Refusals { get; private set; }

        public override void Point(string where)
        {
            base.Point(where);
            if (where == "before store put" && _put && Refusals < 5)
            {
                Refusals++;
                throw new SecondaryStoreException(StoreCodes.NotMounted, "Nothing is mounted.", "Mount it.");
            }

            if (where != "after store put" || _put) return;
            _put = true;
            throw new SecondaryStoreException(StoreCodes.Unavailable, "The answer was lost.", "None.");
        }
    }
}
