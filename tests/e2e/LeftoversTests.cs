using SnapshotWorkflows.Lab.Scenario;

namespace SnapshotWorkflows.Tests.E2e;

/// <summary>The check of what is left must itself be able to see: one stray object of each kind, one finding each.</summary>
public sealed class LeftoversTests : IDisposable
{
    private readonly string _store = Directory.CreateTempSubdirectory("lab-store-").FullName;

    private static Inventory Clean { get; } = new(
        new ArrayInventory([new ArrayVolume(1, "data", "active", [7])], []),
        [new PoolInventory("backup", [new PoolSr("s1", "local", "ext")], [new PoolObject("p1", null)], [], [], [], [], null)],
        new HookInventory(Frozen: false),
        new Dictionary<string, int>());

    private static PoolInventory Backup => Clean.Pools[0];

    public void Dispose() => Directory.Delete(_store, recursive: true);

    [Fact]
    public void A_world_as_it_was_has_no_leftovers_and_a_deleted_clone_is_none() =>
        Assert.Empty(Find(WithVolume(new ArrayVolume(2, "swf-clone", "deleted", []))));

    [Fact]
    public void Every_kind_of_stray_object_is_found()
    {
        Inventory[] strays =
        [
            WithVolume(new ArrayVolume(2, "swf-clone", "active", [])),
            Clean with { Solidfire = Clean.Solidfire with { Volumes = [new ArrayVolume(1, "data", "active", [7, 8])] } },
            Clean with { Solidfire = Clean.Solidfire with { Snapshots = [new ArraySnapshot(3, 1, "swf-snap")] } },
            WithPool(Backup with { Srs = [.. Backup.Srs, new PoolSr("s2", "swf-src", "lvmoiscsi")] }),
            WithPool(Backup with { Pbds = [.. Backup.Pbds, new PoolObject("p2", null)] }),
            WithPool(Backup with { Vdis = [new PoolObject("d1", "copy")] }),
            WithPool(Backup with { Vbds = [new PoolObject("b1", null)] }),
            WithPool(Backup with { Tasks = [new PoolTask("t1", "Async.VDI.copy", "pending", 0.5)] }),
            WithPool(Backup with { FrozenVms = ["vm"] }),
            Clean with { Hook = new HookInventory(Frozen: true) },
        ];

        Assert.All(strays, stray => Assert.Single(Find(stray)));
    }

    [Fact]
    public void A_file_that_the_request_does_not_keep_is_found()
    {
        File.WriteAllText(Path.Combine(_store, "kept.vhd"), "");
        File.WriteAllText(Path.Combine(_store, "stray.partial"), "");

        var found = Assert.Single(Leftovers.Find(Clean, Clean, Stored(), new HashSet<string> { "kept.vhd" }));

        Assert.Contains("stray.partial", found, StringComparison.Ordinal);
    }

    private IReadOnlyList<string> Stored() => [.. Directory.EnumerateFiles(_store, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(_store, path))];

    private IEnumerable<string> Find(Inventory after) => Leftovers.Find(Clean, after, Stored(), new HashSet<string>());

    private static Inventory WithVolume(ArrayVolume volume) => Clean with { Solidfire = Clean.Solidfire with { Volumes = [.. Clean.Solidfire.Volumes, volume] } };

    private static Inventory WithPool(PoolInventory pool) => Clean with { Pools = [pool] };
}
