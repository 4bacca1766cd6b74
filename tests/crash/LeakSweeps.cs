using System.Text.Json;
using System.Text.Json.Nodes;
using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Client;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Tests.Crash.Explorer;
using SnapshotWorkflows.Tests.Crash.World;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>What a snapshot leaves behind when it is terminated at any moment goes a day later, and nothing else does.</summary>
public sealed class LeakSweeps(ITestOutputHelper output)
{
    private static readonly TimeSpan s_day = TimeSpan.FromHours(25);

    [Theory]
    [InlineData(null)]
    [InlineData("stream")]
    public async Task What_a_terminated_snapshot_left_is_swept_wherever_it_stood(string? copy)
    {
        var faults = new List<string>();
        var swept = 0;
        for (var point = 0; ; point += copy is null ? 13 : 29)
        {
            using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null, Copy = copy });
            var (id, got) = await TerminatedAtAsync(world, point);
            if (got) break;
            world.Clock.AdvanceTo(world.Clock.GetUtcNow() + s_day);
            await using var life = new Life(world, CrashSwitch.Never);
            if (id is null) continue;
            var first = await SweepAsync(life, "one", dryRun: false);
            var result = first.ReadOutputAs<SweepLeaksResult>();
            swept += result?.Removed ?? 0;
            if (result is null || result.Left + result.Failures.Count > 0) faults.Add($"#{point}: {first.SerializedOutput} {first.FailureDetails}");
            faults.AddRange(Left(world).Select(left => $"#{point}: {left}"));
            var second = (await SweepAsync(life, "two", dryRun: false)).ReadOutputAs<SweepLeaksResult>()!;
            if (second.Leaks != 0) faults.Add($"#{point}: the second sweep still sees {second.Leaks} leaks");
        }

        output.WriteLine($"{swept} leaks swept");
        Assert.True(swept > 8, $"only {swept} leaks");
        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(20)));
    }

    [Fact]
    public async Task A_sweep_that_dies_anywhere_is_finished_by_the_next()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var faults = new List<string>();
        for (var point = 0; ; point += 2)
        {
            using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
            await TerminatedAtAsync(world, 84);
            world.Clock.AdvanceTo(world.Clock.GetUtcNow() + s_day);
            var crash = new CrashSwitch(point);
            try
            {
                await using var first = new Life(world, crash);
                await SweepAsync(first, "one", dryRun: false);
            }
            catch (Exception death) when (Life.IsCrash(death))
            {
                // As planned.
            }

            await using var second = new Life(world, CrashSwitch.Never);
            var ended = await SweepAsync(second, "one", dryRun: false);
            if (ended.RuntimeStatus != OrchestrationRuntimeStatus.Completed) faults.Add($"#{point} {crash.DiedAt}: {ended.RuntimeStatus} {ended.FailureDetails}");
            faults.AddRange(Left(world).Select(left => $"#{point} {crash.DiedAt}: {left}"));
            if (crash.DiedAt is not null) continue;
            output.WriteLine($"{point} crash points");
            Assert.True(point > 15, $"only {point} crash points");
            Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults.Take(20)));
            cancellation.ThrowIfCancellationRequested();
            return;
        }
    }

    [Fact]
    public async Task What_is_young_or_in_use_stays_and_a_dry_run_only_tells()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        var (id, _) = await TerminatedAtAsync(world, 84);
        await using var life = new Life(world, CrashSwitch.Never);
        var young = (await SweepAsync(life, "young", dryRun: false)).ReadOutputAs<SweepLeaksResult>()!;
        Assert.Equal((0, 0), (young.Leaks, young.Removed));
        Assert.All(Report(life).Items, item => Assert.Equal(LeakVerdicts.Young, item.Verdict));
        Assert.Contains(Report(life).Items, item => item.Role == "clone" && item.SnapshotId == new RequestKey(id!).Uuid);

        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + s_day);
        var dry = (await SweepAsync(life, "dry", dryRun: true)).ReadOutputAs<SweepLeaksResult>()!;
        Assert.True(dry.Leaks >= 3, $"{dry.Leaks} leaks");
        Assert.Equal(0, dry.Removed);
        Assert.NotEmpty(Left(world));
    }

    /// <summary>Of an export or an import the label alone is ours, and no intent names it: it is told, and the pool drops it after a day.</summary>
    [Theory]
    [InlineData("export")]
    [InlineData("import")]
    public async Task A_task_that_came_after_everything_is_told_and_left(string role)
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        var key = new RequestKey(new string('d', 32));
        await life.Get<XenServer.IXenServerPools>().Get("backup").Tasks.CreateAsync(key.NameFor(role), "SnapshotWorkflows", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await SweepAsync(life, "late", dryRun: false)).ReadOutputAs<SweepLeaksResult>()!.Removed);
        Assert.Equal((role, key.Uuid, LeakVerdicts.NotInLedger), Assert.Single(Report(life).Items) is var item ? (item.Role, item.SnapshotId, item.Verdict) : default);
        Assert.Equal(0, world.Faults.CallsOf("xenserver", "task.cancel") + world.Faults.CallsOf("xenserver", "task.destroy"));
    }

    /// <summary>The must-show: another installation, an old hub, a lost catalog and fifty look-alikes.</summary>
    [Fact]
    public async Task Another_installation_an_old_hub_a_lost_catalog_and_fifty_look_alikes_lose_nothing()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using (var ours = new Life(world, CrashSwitch.Never)) Assert.Equal(OrchestrationRuntimeStatus.Completed, (await ours.RunAsync(TestContext.Current.CancellationToken)).RuntimeStatus);
        var oldHub = File.ReadAllBytes(Path.Combine(world.Folder, "hub.db"));
        var (id, _) = await TerminatedAtAsync(world, 100, "later");
        var key = new RequestKey(id!);
        var unplanted = Everything(world).ToHashSet(StringComparer.Ordinal);
        await using (var planting = new Life(world, CrashSwitch.Never)) await PlantAsync(world, planting.Get<XenServer.IXenServerPools>().Get("backup"), key);
        var planted = Everything(world).Where(one => !unplanted.Contains(one)).ToList();
        // Old enough, and before the array's fuses burn down.
        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromHours(30));
        var before = Everything(world);

        // Another installation on the same array and pools, with hub and catalog of its own.
        using (var other = world.Elsewhere())
        {
            await using var life = new Life(other, CrashSwitch.Never, installation: "other-site");
            Assert.Equal(0, (await SweepAsync(life, "theirs", dryRun: false)).ReadOutputAs<SweepLeaksResult>()!.Removed);
            Assert.All(Report(life).Items.Where(item => item.System != "secondary"), item => Assert.NotEqual(LeakVerdicts.Leak, item.Verdict));
        }

        Assert.Equal(before, Everything(world));

        // Ours with empty databases, as after a loss.
        using (var lost = world.Elsewhere())
        {
            await using var life = new Life(lost, CrashSwitch.Never);
            Assert.Equal(0, (await SweepAsync(life, "lost", dryRun: false)).ReadOutputAs<SweepLeaksResult>()!.Removed);
        }

        Assert.Equal(before, Everything(world));

        // Ours with a hub from before the leaking snapshot.
        using (var old = world.Elsewhere())
        {
            File.WriteAllBytes(Path.Combine(old.Folder, "hub.db"), oldHub);
            foreach (var file in Directory.GetFiles(world.Folder, "catalog.db*")) File.Copy(file, Path.Combine(old.Folder, Path.GetFileName(file)));
            await using var life = new Life(old, CrashSwitch.Never);
            Assert.Equal(0, (await SweepAsync(life, "old", dryRun: false)).ReadOutputAs<SweepLeaksResult>()!.Removed);
            Assert.Contains(Report(life).Items, item => item.Verdict == LeakVerdicts.UnknownToHub);
        }

        Assert.Equal(before, Everything(world));

        // Ours as it is: only the leaks go, all fifty look-alikes stay.
        await using var true_ = new Life(world, CrashSwitch.Never);
        var swept = (await SweepAsync(true_, "ours", dryRun: false)).ReadOutputAs<SweepLeaksResult>()!;
        Assert.True(swept is { Removed: >= 2, Left: 0 }, JsonSerializer.Serialize(swept));
        var after = Everything(world);
        Assert.Equal(50, planted.Count);
        Assert.All(planted, one => Assert.Contains(one, after));
        Assert.DoesNotContain(after, one => one.Contains($"swf-{key.Value}-", StringComparison.Ordinal) && !planted.Contains(one));
        Assert.Single(Directory.GetFiles(world.StorePath, "*.manifest.json", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Deleted_clones_are_purged_after_their_hours_and_only_ours()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await life.RunAsync(TestContext.Current.CancellationToken)).RuntimeStatus);
        var theirs = MakeVolume(world, "swf-" + new string('a', 32) + "-clone", Mark("crash-test", new string('a', 32), "clone"));
        var used = MakeVolume(world, "data-9", new JsonObject { ["CloudStackVolumeId"] = "99" });
        foreach (var volume in (long[])[theirs, used]) world.Array.Call("DeleteVolume", new JsonObject { ["volumeID"] = volume });
        Assert.Equal(3, Deleted(world).Count);

        var early = (await RunAsync(life, nameof(PurgeDeleted), new PurgeDeletedInput("test"), "early")).ReadOutputAs<PurgeDeletedResult>()!;
        Assert.Equal(0, early.Purged);

        // Just before the array would do so by itself.
        var options = life.Get<Microsoft.Extensions.Options.IOptions<UpkeepOptions>>().Value;
        options.PurgeAfter = TimeSpan.FromHours(7);
        world.Clock.AdvanceTo(world.Clock.GetUtcNow() + TimeSpan.FromHours(7.5));
        var late = (await RunAsync(life, nameof(PurgeDeleted), new PurgeDeletedInput("test"), "late")).ReadOutputAs<PurgeDeletedResult>()!;
        Assert.Equal((1, "clone.not-in-ledger"), (late.Purged, Assert.Single(late.Left).Code));
        Assert.Equal([theirs, used], Deleted(world).Order());
    }

    [Fact]
    public async Task Under_pressure_deleted_clones_are_purged_at_once()
    {
        using var world = new CrashWorld(new WorldOptions { CopyBytesPerSecond = null });
        await using var life = new Life(world, CrashSwitch.Never);
        await life.RunAsync(TestContext.Current.CancellationToken);
        life.Get<Microsoft.Extensions.Options.IOptions<UpkeepOptions>>().Value.PurgeAtDeletedVolumes = 1;
        var result = (await RunAsync(life, nameof(PurgeDeleted), new PurgeDeletedInput("test"), "now")).ReadOutputAs<PurgeDeletedResult>()!;
        Assert.Equal((1, "1 deleted volumes"), (result.Purged, result.Pressure));
        Assert.Empty(Deleted(world));
    }

    [Fact]
    public async Task What_a_restore_made_and_deleted_is_purged_like_a_clone()
    {
        var taken = await TakenCopy.GetAsync(TestContext.Current.CancellationToken);
        using var world = taken.NewWorld();
        var plan = new FailingSteps(0, step => step == StepNames.HashSource);
        await using var life = new Life(world, CrashSwitch.Never, plan.Register);
        var ended = await life.Get<DurableEngine>().PumpAsync(await life.PostRestoreAsync(taken.Key, "{\"name\":\"back\"}", TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        Assert.Equal("test.rejected", StepFault.From(ended.FailureDetails!).Code);
        Assert.Single(Deleted(world));
        var lookAlike = MakeVolume(world, "back", Mark("crash-test", new string('b', 32), "volume"));
        world.Array.Call("DeleteVolume", new JsonObject { ["volumeID"] = lookAlike });
        life.Get<Microsoft.Extensions.Options.IOptions<UpkeepOptions>>().Value.PurgeAtDeletedVolumes = 1;
        var result = (await RunAsync(life, nameof(PurgeDeleted), new PurgeDeletedInput("test") { EachArray = true }, "now")).ReadOutputAs<PurgeDeletedResult>()!;
        Assert.Equal((1, "clone.not-in-ledger"), (result.Purged, Assert.Single(result.Left).Code));
        Assert.Equal([lookAlike], Deleted(world));
    }

    /// <summary>Runs a snapshot until a death at that point, and has a person terminate it by force in the next life, as happens: nothing is undone.</summary>
    internal static async Task<(string? Id, bool GotThrough)> TerminatedAtAsync(CrashWorld world, int point, string idempotencyKey = "crash-test-1")
    {
        var cancellation = TestContext.Current.CancellationToken;
        var crash = new CrashSwitch(point);
        try
        {
            await using var life = new Life(world, crash) { IdempotencyKey = idempotencyKey };
            await life.RunAsync(cancellation);
        }
        catch (Exception death) when (Life.IsCrash(death))
        {
            // As planned.
        }

        if (crash.DiedAt is null) return (null, true);
        var cut = new CrashSwitch(-1);
        await using var second = new Life(world, cut) { IdempotencyKey = idempotencyKey };
        var client = second.Get<DurableTaskClient>();
        var engine = second.Get<DurableEngine>();
        var key = new RequestKey(NameUuid.From($"anonymous\nPOST /snapshots\n{idempotencyKey}").ToString("N"));
        var find = client.GetInstanceAsync(key.Value, cancellation);
        await engine.PumpAsync(() => find.IsCompleted, cancellation);
        if (await find is not { } instance) return (null, false);
        if (instance.IsCompleted) return (key.Value, false);
        var end = client.TerminateInstanceAsync(key.Value, cancellation);
        await engine.PumpAsync(() => end.IsCompleted, cancellation);
        await end;
        await engine.PumpAsync(key.Value, cancellation);
        return (key.Value, false);
    }

    internal static Task<OrchestrationMetadata> SweepAsync(Life life, string name, bool dryRun) => RunAsync(life, nameof(SweepLeaks), new SweepLeaksInput("test", dryRun), name);

    internal static async Task<OrchestrationMetadata> RunAsync(Life life, string workflow, object input, string name)
    {
        var engine = life.Get<DurableEngine>();
        var instance = NameUuid.From($"{workflow} {name}").ToString("N");
        var start = life.Get<DurableTaskClient>().ScheduleNewOrchestrationInstanceAsync(
            workflow, input, new StartOrchestrationOptions(instance).WithDedupeStatuses([OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Completed]), TestContext.Current.CancellationToken);
        await engine.PumpAsync(() => start.IsCompleted, TestContext.Current.CancellationToken);
        try
        {
            await start;
        }
        catch (OrchestrationAlreadyExistsException)
        {
            // A life before this one had started it.
        }

        return await engine.PumpAsync(instance, TestContext.Current.CancellationToken);
    }

    internal static LeakReport Report(Life life) => JsonSerializer.Deserialize(life.Get<UpkeepReports>().Find(LeakReport.Name)!, ContractsJson.Default.LeakReport)!;

    /// <summary>What is there of anybody's with our prefix, less deleted volumes.</summary>
    internal static List<string> Left(CrashWorld world)
    {
        var left = Everything(world).Where(one => one.Contains("swf-", StringComparison.Ordinal)).ToList();
        var manifests = Directory.GetFiles(world.StorePath, "*.manifest.json", SearchOption.AllDirectories).Length;
        var data = Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories).Count(file => !file.EndsWith(".json", StringComparison.Ordinal));
        if (data > manifests) left.Add($"{data} data files for {manifests} manifests");
        return left;
    }

    internal static List<string> Everything(CrashWorld world)
    {
        var all = new List<string>();
        foreach (var array in world.Arrays)
        {
            foreach (var volume in array.Call("ListActiveVolumes")["volumes"]!.AsArray()) all.Add($"volume {volume!["volumeID"]} {volume["name"]} {volume["attributes"]?.ToJsonString()}");
            foreach (var snapshot in array.Call("ListSnapshots")["snapshots"]!.AsArray()) all.Add($"snapshot {snapshot!["snapshotID"]} {snapshot["name"]}");
            foreach (var group in array.Call("ListVolumeAccessGroups")["volumeAccessGroups"]!.AsArray()) all.Add($"group {group!["name"]} {group["volumes"]!.ToJsonString()}");
        }

        foreach (var pool in (Simulators.XenServer.XenServerSimulator[])[world.Production, world.Backup])
        {
            var inventory = pool.Inventory();
            all.AddRange(inventory.Srs.Select(sr => $"sr {inventory.Name} {sr.Uuid} {sr.Label}"));
            all.AddRange(inventory.Vdis.Select(vdi => $"vdi {inventory.Name} {vdi.Uuid} {vdi.Label}"));
        }

        all.AddRange(Directory.GetFiles(world.StorePath, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(world.StorePath, file)));
        return [.. all.Order(StringComparer.Ordinal)];
    }

    private static List<long> Deleted(CrashWorld world) => [.. world.Array.Call("ListDeletedVolumes")["volumes"]!.AsArray().Select(volume => (long)volume!["volumeID"]!)];

    private static JsonObject Mark(string installation, string key, string role) => new()
    {
        ["swf-installation"] = installation, ["swf-key"] = key, ["swf-role"] = role, ["swf-created"] = "2020-01-01T00:00:00Z",
    };

    private static long MakeVolume(CrashWorld world, string name, JsonObject? attributes) => (long)world.Array.Call("CreateVolume", new JsonObject
    {
        ["name"] = name, ["accountID"] = 1, ["totalSize"] = 1_000_000_000, ["enable512e"] = true, ["attributes"] = attributes ?? [],
    })["volumeID"]!;

    /// <summary>Fifty things that look like ours and are not, each in a way of its own.</summary>
    private static async Task PlantAsync(CrashWorld world, XenServer.XenServerClient pool, RequestKey key)
    {
        for (var n = 0; n < 5; n++)
        {
            var other = new string((char)('c' + (n % 3)), 31) + n;
            if (n % 2 == 0) MakeVolume(world, $"swf-{other}-clone", null);
            else MakeVolume(world, $"disk-{n}", n == 1 ? Mark("other-site", key.Value, "volume") : Mark("crash-test", other, "volume"));
            MakeVolume(world, $"swf-{other}-clone", Mark("other-site", other, "clone"));
            MakeVolume(world, $"swf-{other}-clone", Mark("crash-test", other, "clone"));
            MakeVolume(world, $"swf-{key.Value}-clone", Mark("other-site", key.Value, "clone"));
            MakeVolume(world, $"swf-{key.Value}-restored", Mark("crash-test", key.Value, "restored"));
            MakeVolume(world, $"SWF-{other}-clone", Mark("crash-test", new string('b', 32), "nonsense"));
            MakeVolume(world, $"another-{n}", Mark("crash-test", key.Value, "access-group"));
            var role = n % 2 == 0 ? "snap" : "group";
            world.Array.Call("CreateSnapshot", new JsonObject { ["volumeID"] = world.Volume.VolumeId, ["name"] = $"swf-{other}-{role}", ["retention"] = "99:00:00", ["attributes"] = Mark("crash-test", other, role) });
            await pool.Srs.IntroduceAsync(Guid.NewGuid().ToString(), n % 2 == 0 ? $"swf-{other}-sr" : $"swf-{key.Value}-sr", "another's", "lvmoiscsi", "user", shared: false, TestContext.Current.CancellationToken);
            var folder = Directory.CreateDirectory(Path.Combine(world.StorePath, "swf", "zone-1", "00000000-0000-4000-8000-00000000000" + n, $"11111111-1111-4111-8111-11111111111{n}"));
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, $"22222222-2222-4222-8222-22222222222{n}.vhd"), "another's", TestContext.Current.CancellationToken);
        }
    }
}
