using SnapshotWorkflows.Activities.HostSteps;
using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Steps that take something off a host or a store, given what is not theirs to take: nothing of it goes.</summary>
public sealed class RemovalProofs
{
    private static readonly RequestKey s_key = new(new string('d', 32));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The ledger would even say that this request had made an SR there.</summary>
    [Theory]
    [InlineData("sr")]
    [InlineData("dst")]
    public async Task CloudStacks_SR_is_not_taken_off_its_hosts(string role)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        life.Get<IntentLedger>().Intend(s_key, role, "xenserver", "production", "any");
        var before = Attached(world);
        var input = new OwnedSrInput(s_key, "production", $"/{world.Volume.Iqn}/0");
        Assert.Equal("sr.not-ours", (await StepRun.RefusalAsync(() => role == "sr" ? life.Step<ForgetSr>().RunAsync(null!, input) : life.Step<ForgetDestinationSr>().RunAsync(null!, input))).Code);
        Assert.Equal(before, Attached(world));
        Assert.Equal(0, world.Faults.CallsOf("xenserver", "PBD.unplug") + world.Faults.CallsOf("xenserver", "SR.forget"));
    }

    [Theory]
    [InlineData(StepNames.RemoveFolder, "store.not-ours")]
    [InlineData(StepNames.DiscardStream, "store.not-ours")]
    [InlineData(StepNames.ProveUnpublished, "store.not-ours")]
    [InlineData(StepNames.RemoveFolder, "store.manifest-exists")]
    [InlineData(StepNames.DiscardStream, "store.manifest-exists")]
    public async Task A_folder_that_is_anothers_or_a_backup_is_not_removed(string step, string code)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var before = Files(world);
        var copy = Copy(life, taken);
        var folder = copy.Manifest.Replace(".manifest.json", "", StringComparison.Ordinal);
        var key = code == "store.not-ours" ? s_key : taken.Key;

        // Without its manifest it is a copy that is being made.
        if (code == "store.not-ours") File.Delete(Path.Combine(world.StorePath, copy.Manifest));
        var where = new DestinationFolder(copy.Destination, folder) { Key = key };
        Assert.Equal(code, (await StepRun.RefusalAsync(() => step switch
        {
            StepNames.RemoveFolder => life.Step<RemoveFolder>().RunAsync(null!, where),
            StepNames.ProveUnpublished => life.Step<ProveUnpublished>().RunAsync(null!, where),
            _ => life.Step<DiscardStream>().RunAsync(null!, new StreamTarget(key, copy.Destination, folder, copy.Location, copy.Format)),
        })).Code);
        Assert.Equal(before.Where(file => code != "store.not-ours" || file != copy.Manifest), Files(world));
    }

    [Theory]
    [InlineData("manifest", "snapshot.no-tombstone")]
    [InlineData("data", "store.manifest-exists")]
    public async Task A_backup_is_not_deleted_without_a_deletion_that_has_begun(string what, string code)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var before = Files(world);
        var copy = Copy(life, taken);
        Assert.Equal(code, (await StepRun.RefusalAsync(() => what == "manifest" ? life.Step<DeleteManifest>().RunAsync(null!, copy) : life.Step<DeleteData>().RunAsync(null!, copy))).Code);
        Assert.Equal(before, Files(world));
    }

    /// <summary>The manifest is gone already, so it looks like something that was left behind; the deletion that has begun takes it, in its own order.</summary>
    [Fact]
    public async Task Data_that_a_deletion_is_taking_away_is_not_taken_for_a_leak()
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var copy = Copy(life, taken);
        var folder = copy.Manifest.Replace(".manifest.json", "", StringComparison.Ordinal);
        File.Delete(Path.Combine(world.StorePath, copy.Manifest));
        var prove = life.Step<ProveUnpublished>();
        var input = new DestinationFolder(copy.Destination, folder) { Key = taken.Key };
        Assert.True(await prove.RunAsync(null!, input));
        await File.WriteAllTextAsync(Path.Combine(world.StorePath, $"{folder}.tombstone.json"), "{}", Cancellation);
        Assert.Equal("snapshot.deleting", (await StepRun.RefusalAsync(() => prove.RunAsync(null!, input))).Code);
    }

    /// <summary>What a person, or another program, has laid beside our data is not ours to take away, and the folder stays for it.</summary>
    [Theory]
    [InlineData(StepNames.RemoveFolder, "note.txt")]
    [InlineData(StepNames.RemoveFolder, "disk.vhd")]
    [InlineData(StepNames.DeleteData, "note.txt")]
    [InlineData(StepNames.DeleteData, "11111111-1111-4111-8111-111111111111.qcow2")]
    public async Task A_file_that_no_hypervisor_makes_stays_in_the_folder(string step, string name)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var copy = Copy(life, taken);
        File.Delete(Path.Combine(world.StorePath, copy.Manifest));
        var folder = copy.Manifest.Replace(".manifest.json", "", StringComparison.Ordinal);
        var theirs = Path.Combine(world.StorePath, folder, name);
        await File.WriteAllTextAsync(theirs, "somebody's", Cancellation);
        Assert.Equal("store.folder-not-empty", (await StepRun.RefusalAsync(() => step == StepNames.RemoveFolder
            ? life.Step<RemoveFolder>().RunAsync(null!, new DestinationFolder(copy.Destination, folder) { Key = taken.Key })
            : life.Step<DeleteData>().RunAsync(null!, copy))).Code);
        Assert.Equal("somebody's", await File.ReadAllTextAsync(theirs, Cancellation));
    }

    /// <summary>In CloudStack's tree one file is ours: that of the snapshot's own name, in a folder of the one form.</summary>
    [Theory]
    [InlineData("snapshots/2/17", "11111111-1111-4111-8111-111111111111")]
    [InlineData("snapshots/2/17/deeper", null)]
    [InlineData("template/2/17", null)]
    public async Task A_file_in_CloudStacks_tree_that_is_not_ours_by_name_is_not_deleted(string home, string? name)
    {
        var taken = await TakenCopy.GetAsync(Cancellation);
        using var world = taken.NewWorld();
        await using var life = new Life(world, CrashSwitch.Never);
        var location = $"{home}/{name ?? taken.Key.Uuid}.vhd";
        var theirs = Path.Combine(world.StorePath, location);
        Directory.CreateDirectory(Path.GetDirectoryName(theirs)!);
        await File.WriteAllTextAsync(theirs, "CloudStack's own", Cancellation);
        var copy = Copy(life, taken) with { Location = location };
        File.Delete(Path.Combine(world.StorePath, copy.Manifest));
        Assert.Equal("store.not-ours", (await StepRun.RefusalAsync(() => life.Step<DeleteData>().RunAsync(null!, copy))).Code);
        Assert.True(File.Exists(theirs));
    }

    private static StoredCopy Copy(Life life, TakenCopy taken)
    {
        var status = life.Get<SnapshotIndex>().Find(taken.Key)!.Status;
        return new StoredCopy(taken.Key, status.Destination!, status.Manifest!, DataFormats.Vhd, status.Location!, 1, new ArrayVolume("x", 1));
    }

    private static List<string> Files(CrashWorld world) =>
        [.. Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(world.StorePath, file)).Order(StringComparer.Ordinal)];

    private static List<string> Attached(CrashWorld world) => [.. world.Production.Inventory().Pbds.Select(pbd => $"{pbd.Sr} {pbd.Host} {pbd.Attached}")];
}
