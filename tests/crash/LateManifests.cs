using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>A put of the manifest that was not answered may still come: then the folder beside it is a backup.</summary>
public sealed class LateManifests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("folder", true)]
    [InlineData("folder", false)]
    [InlineData("stream", true)]
    [InlineData("stream", false)]
    public async Task The_data_waits_until_its_manifest_cannot_come_any_more(string role, bool comes)
    {
        using var world = new CrashWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var key = new RequestKey(new string('e', 32));
        var address = new SnapshotAddress("zone-1", new Guid(7, 0, 0, new byte[8]).ToString(), key.Uuid);
        var folder = SnapshotLocations.DataFolder(address);
        var disk = Path.Combine(Directory.CreateDirectory(Path.Combine(world.StorePath, folder)).FullName, role == "stream" ? $"{key.Uuid}.vhd" : $"{Guid.NewGuid()}.vhd");
        await File.WriteAllTextAsync(disk, "a disk", Cancellation);
        var intents = life.Get<IntentLedger>();
        intents.Intend(key, role, "secondary", "nfs1", folder);
        intents.Intend(key, "manifest", "secondary", "nfs1", SnapshotLocations.Manifest(address));

        Assert.Equal("undo.unanswered", (await Assert.ThrowsAsync<StepFaultException>(RemoveAsync)).Fault.Code);
        Assert.True(File.Exists(disk), "the data did not wait");
        if (comes) await File.WriteAllTextAsync(Path.Combine(world.StorePath, SnapshotLocations.Manifest(address)), "{}", Cancellation);
        world.Clock.Advance(TimeSpan.FromMinutes(3));
        if (comes) Assert.Equal("store.manifest-exists", (await Assert.ThrowsAsync<StepFaultException>(RemoveAsync)).Fault.Code);
        else Assert.True(await RemoveAsync());
        Assert.Equal(comes, File.Exists(disk));
        Assert.Equal(comes, intents.Find(key, role) is not null);

        Task<bool> RemoveAsync() => role == "stream"
            ? life.Step<DiscardStream>().RunAsync(null!, new StreamTarget(key, "nfs1", folder, $"{folder}/{key.Uuid}.vhd", DataFormats.Vhd))
            : life.Step<RemoveFolder>().RunAsync(null!, new DestinationFolder("nfs1", folder) { Key = key });
    }
}
