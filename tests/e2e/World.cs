using SnapshotWorkflows.Lab.Scenario;

// Each class has processes, folders and ports of its own, and mostly waits for them.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>One world for many small requests: simulators and app run once, every test makes its own volume in it.</summary>
public sealed class World : IAsyncLifetime
{
    private RunFolder _folder = null!;

    internal LabWorld Lab { get; private set; } = null!;

    internal SimulatorControl Control => Lab.Control;

    internal SnapshotApi Api => Lab.App.Api;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await TestRun.ImageAsync(Cancellation);
        _folder = TestRun.NewFolder("world");
        Lab = await LabWorld.StartAsync(_folder, "8", 256L << 20, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (Lab is not null) await Lab.DisposeAsync();
        await _folder.DisposeAsync();
        if (Lab is not null) TestRun.Remove(_folder);
    }

    internal Task<WorldVolume> NewVolumeAsync() => Control.MakeVolumeAsync($"v-{Guid.NewGuid().ToString("N")[..8]}", TestRun.ImagePath, Cancellation);

    internal Task<ApiAnswer> PostAsync(WorldVolume volume) => PostAsync(Api, volume);

    internal static Task<ApiAnswer> PostAsync(SnapshotApi api, WorldVolume volume) =>
        api.PostSnapshotAsync(new { volumeId = volume.CloudStackVolumeId }, NewKey(), Cancellation);

    internal static string NewKey() => Guid.NewGuid().ToString("N");

    /// <summary>Follows a snapshot to its end.</summary>
    internal static async Task<SnapshotStatus> EndAsync(SnapshotApi api, string id)
    {
        SnapshotStatus? status = null;
        await Wait.UntilAsync(
            $"Snapshot {id} has not ended",
            async () => (status = await api.FindSnapshotAsync(id, Cancellation)) is { Ended: true },
            process: null,
            Cancellation);
        return status!;
    }

    /// <summary>
    /// Holds an answer to what every refusal owes: a code, a message and a remedy, at once or as the end of the instance; no snapshot or
    /// clone ever made; nothing left anywhere.
    /// </summary>
    internal async Task RefusedAsync(string code, Inventory before, Func<Task<ApiAnswer>> ask, SnapshotApi? api = null)
    {
        var files = StoreFiles();
        var answer = await ask();
        if (answer.Status == 202)
        {
            AssertFailed(code, await EndAsync(api ?? Api, answer["id"]!));
        }
        else
        {
            Assert.InRange(answer.Status, 400, 499);
            Assert.Equal(code, answer["code"]);
            Assert.False(string.IsNullOrWhiteSpace(answer["remedy"]), "the problem names no remedy");
        }

        await NothingMadeAsync(before, files);
    }

    /// <summary>A snapshot that ended without success says why and what to do.</summary>
    internal static void AssertFailed(string code, SnapshotStatus status)
    {
        Assert.Equal("Error", status.State);
        Assert.NotNull(status.Failure);
        Assert.Equal(code, status.Failure.Code);
        Assert.False(string.IsNullOrWhiteSpace(status.Failure.Message));
        Assert.False(string.IsNullOrWhiteSpace(status.Failure.Remedy), "the failure names no remedy");
    }

    internal async Task NothingMadeAsync(Inventory before, IReadOnlySet<string> files)
    {
        var after = await Control.InventoryAsync(Cancellation);
        Assert.Empty(Leftovers.Find(before, after, await Lab.Secondary.NamesAsync(Cancellation), files));
        Assert.Equal(Made(before), Made(after));

        static (int Snapshots, int Clones, int Srs) Made(Inventory inventory) =>
            (Count(inventory, "solidfire.CreateSnapshot"), Count(inventory, "solidfire.CloneVolume"), Count(inventory, "xenserver.SR.introduce"));
    }

    internal static int Count(Inventory inventory, string call) => inventory.Calls.GetValueOrDefault(call);

    /// <summary>Files of the store as they are now, relative to it.</summary>
    internal IReadOnlySet<string> StoreFiles() =>
        Directory.EnumerateFiles(Lab.Store, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Lab.Store, path)).ToHashSet();
}
