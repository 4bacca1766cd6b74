using SnapshotWorkflows.Lab.Processes;
using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>An app that may pause machines, and its watchdog.</summary>
public sealed class PausingApp(World world) : IAsyncLifetime
{
    private ChildProcess? _watchdog;

    internal LabApp App { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var settings = new Dictionary<string, string> { ["Quiesce:Pause:HighAvailabilityIsOff"] = "true", ["Quiesce:Pause:TimeToLive"] = "00:00:05" };
        App = await world.Lab.StartAnotherAppAsync("pausing", settings, TestContext.Current.CancellationToken);
        _watchdog = await App.StartWatchdogAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (App is not null) await App.DisposeAsync();
        if (_watchdog is not null) await _watchdog.DisposeAsync();
    }
}

/// <summary>The app dies while a machine is paused, and is started again: the guest runs within its limit, and what was taken in a pause that broke is taken again in one that holds.</summary>
[Collection(nameof(FirstWorld))]
public sealed class PausedGuestTests(World world, PausingApp pausing) : IClassFixture<PausingApp>, IAsyncDisposable
{
    private const double LongestMs = 10_000;

    /// <summary>Three pauses are tried; the first is the one that breaks.</summary>
    private const int MostTaken = 3;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private LabApp App => pausing.App;

    public async ValueTask DisposeAsync()
    {
        await world.Control.StopGuestAsync(CancellationToken.None);
        await world.Control.ForgetFaultsAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_snapshot_whose_pause_the_app_did_not_outlive_is_taken_in_another()
    {
        var volume = await world.NewVolumeAsync();
        var files = world.StoreFiles();
        var before = await world.Control.InventoryAsync(Cancellation);
        await using var copies = new Copies(world, before, volume);
        await StartGuestAsync(volume);
        var call = new ArmedCall(world.Control);
        await call.ArmAsync(("solidfire", "CreateSnapshot"), afterEffect: true, Cancellation);
        var id = (await App.Api.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId, quiesce = "pause" }, World.NewKey(), Cancellation))["id"]!;
        await KillPausedAsync(call);
        await RunsAsync();
        await App.StartAsync(Cancellation);

        var ended = await World.EndAsync(App.Api, id);
        Assert.Equal(("BackedUp", "full", "quiesced", null), (ended.State, ended.Verified?.Level, ended.Consistency, ended.Failure?.Code));
        await RunsAsync();
        var after = await world.Control.InventoryAsync(Cancellation);
        Assert.InRange(Made(before, after, "CreateSnapshot"), 2, MostTaken);
        Assert.Equal(1, Made(before, after, "CloneVolume"));
        await copies.ProveAsync(volume, ended);
        Assert.Empty(Leftovers.Find(before, after, await world.Lab.Secondary.NamesAsync(Cancellation), files.Union([ended.Location!, ended.Manifest!]).ToHashSet()));
    }

    [Fact]
    public async Task A_group_is_of_one_pause_although_the_app_dies_in_the_pause_and_in_the_taking()
    {
        var first = await world.NewVolumeAsync();
        var second = await world.Control.AddVolumeAsync($"v-{Guid.NewGuid().ToString("N")[..8]}", TestRun.ImagePath, first.CloudStackVmId, Cancellation);
        var files = world.StoreFiles();
        var before = await world.Control.InventoryAsync(Cancellation);
        await using var copies = new Copies(world, before, first, second);
        await StartGuestAsync(first);
        ArmedCall pause = new(world.Control), taking = new(world.Control);
        await pause.ArmAsync(("xenserver", "VM.pause"), afterEffect: true, Cancellation, pool: first.Pool);
        var id = (await App.Api.PostAsync($"/api/vms/{first.CloudStackVmId}/snapshots", new { quiesce = "pause" }, World.NewKey(), Cancellation))["id"]!;
        await KillPausedAsync(pause);
        await taking.ArmAsync(("solidfire", "CreateGroupSnapshot"), afterEffect: true, Cancellation);
        await App.StartAsync(Cancellation);
        await KillPausedAsync(taking);
        await RunsAsync();
        await App.StartAsync(Cancellation);

        GroupStatus? ended = null;
        await Wait.UntilAsync("The group has not ended", async () => (ended = await App.Api.FindGroupAsync(id, Cancellation)).Ended, App.Process, Cancellation);
        Assert.Equal(("BackedUp", "quiesced", null), (ended!.State, ended.Consistency, ended.Failure?.Code));
        await RunsAsync();
        var after = await world.Control.InventoryAsync(Cancellation);
        Assert.InRange(Made(before, after, "CreateGroupSnapshot"), 2, MostTaken);
        Assert.Equal((0, 2), (Made(before, after, "CreateSnapshot"), Made(before, after, "CloneVolume")));
        List<string> kept = [ended.Manifest!];
        foreach (var volume in (WorldVolume[])[first, second])
        {
            var member = (await App.Api.FindSnapshotAsync(ended.Members.Single(one => one.VolumeId == volume.CloudStackVolumeId).SnapshotId, Cancellation))!;
            Assert.Equal(("BackedUp", "full", "quiesced"), (member.State, member.Verified?.Level, member.Consistency));
            await copies.ProveAsync(volume, member);
            kept.AddRange([member.Location!, member.Manifest!]);
        }

        Assert.Empty(Leftovers.Find(before, after, await world.Lab.Secondary.NamesAsync(Cancellation), files.Union(kept).ToHashSet()));
    }

    private async Task StartGuestAsync(WorldVolume volume)
    {
        await world.Control.StartGuestAsync(volume.VmUuid, seed: TestRun.Seed, offset: 0, length: 16 << 20, Cancellation);
        await Wait.UntilAsync("The guest writes nothing", async () => (await world.Control.GuestAsync(Cancellation)).Writes > 0, process: null, Cancellation);
    }

    private async Task KillPausedAsync(ArmedCall call)
    {
        await Wait.UntilAsync($"The moment has not come ({call.Moment})", () => call.IsThereAsync(Cancellation), App.Process, Cancellation);
        await App.Process!.KillAsync();
    }

    /// <summary>It writes, and no write of it has waited longer than a guest may.</summary>
    private async Task RunsAsync()
    {
        await Wait.UntilAsync("The guest is still paused", async () => !(await world.Control.GuestAsync(Cancellation)).Frozen, process: null, Cancellation);
        var written = (await world.Control.GuestAsync(Cancellation)).Writes;
        await Wait.UntilAsync("The guest does not write", async () => (await world.Control.GuestAsync(Cancellation)).Writes > written, process: null, Cancellation);
        Assert.InRange((await world.Control.GuestAsync(Cancellation)).LongestStallMs, 1, LongestMs);
    }

    private static int Made(Inventory before, Inventory after, string call) => World.Count(after, $"solidfire.{call}") - World.Count(before, $"solidfire.{call}");

    /// <summary>The array's own copies of what is taken of some volumes, and the proof of what becomes of them.</summary>
    private sealed class Copies : IAsyncDisposable
    {
        private readonly World _world;
        private readonly CancellationTokenSource _watching = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        private readonly Dictionary<long, ArrayCopies> _copies;
        private readonly Task _watch;

        public Copies(World world, Inventory before, params IReadOnlyList<WorldVolume> volumes)
        {
            _world = world;
            var known = before.Solidfire.Snapshots.Select(snapshot => snapshot.Id).ToHashSet();
            _copies = volumes.ToDictionary(volume => volume.SolidFireVolumeId, volume => new ArrayCopies(world.Control, world.Lab.Folder, volume.SolidFireVolumeId, known, Screen.Silent));
            _watch = Task.WhenAll(_copies.Values.Select(one => one.WatchAsync(_watching.Token)));
        }

        public async Task ProveAsync(WorldVolume volume, SnapshotStatus copy)
        {
            if (_watch.IsFaulted) await _watch;
            var restored = _world.Lab.Folder.File($"{copy.Id}.img");
            Assert.Equal(await Proof.HashLunAsync(_copies[volume.SolidFireVolumeId].Latest, Cancellation), await Proof.RestoreAsync(Path.Combine(_world.Lab.Store, copy.Location!), restored, Cancellation));
            File.Delete(restored);
        }

        public async ValueTask DisposeAsync()
        {
            await _watching.CancelAsync();
            await _watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _watching.Dispose();
        }
    }
}
