using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Fabric;

/// <summary>What outlives the process: rows and blocks, as a new process finds them.</summary>
public sealed class StateTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("state-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Rows_are_put_changed_and_removed_as_one_unit_and_found_again()
    {
        var path = Path.Combine(folder.FullName, "state.db");
        using (var store = new SqliteStateStore(path))
        {
            var mirror = new StateMirror(store);
            mirror.Show("volumes", Rows(("1", "a"), ("2", "b")));
            mirror.Show("groups", Rows(("1", "g")));
            mirror.Commit();
            mirror.Show("volumes", Rows(("2", "c"), ("3", "d")));
            Assert.Equal(2, store.Load("volumes").Count(row => row.Value is "a" or "b"));
            mirror.Commit();
        }

        using var again = new SqliteStateStore(path);
        Assert.Equal(Rows(("2", "c"), ("3", "d")), again.Load("volumes").OrderBy(row => row.Key));
        Assert.Equal("g", again.Load("groups")["1"]);
        Assert.Empty(again.Load("nothing"));
    }

    [Fact]
    public void Only_differences_are_written()
    {
        var store = new RecordingStore();
        var mirror = new StateMirror(store);
        mirror.Show("t", Rows(("1", "a"), ("2", "b")));
        mirror.Commit();
        mirror.Show("t", Rows(("1", "a"), ("2", "c")));
        mirror.Commit();
        mirror.Show("t", Rows(("1", "a"), ("2", "c")));
        mirror.Commit();
        Assert.Equal([2, 1], store.Saves);
    }

    [Fact]
    public void Devices_are_found_again_with_their_bytes_and_share_what_they_shared()
    {
        string volume, snapshot, orphan;
        var content = new byte[300_000];
        new Random(1).NextBytes(content);
        using (var store = SparseVolumeStore.InDirectory(folder.FullName, 4096))
        {
            var device = store.Create(10_000_000);
            device.Write(5_000, content);
            var frozen = device.Snapshot();
            device.Write(5_000, new byte[100]);
            device.Grow(11_000_000);
            orphan = device.Clone().Name;
            (volume, snapshot) = (device.Name, frozen.Name);
        }

        using (var store = SparseVolumeStore.InDirectory(folder.FullName, 4096))
        {
            var shared = store.AllocatedBlocks;
            var device = store.Open(volume)!;
            var frozen = store.Open(snapshot)!;
            Assert.Null(store.Open(volume));
            store.RemoveUnopened();
            Assert.Equal(shared, store.AllocatedBlocks);
            Assert.False(File.Exists(Path.Combine(folder.FullName, "devices", orphan + ".map")));
            Assert.Equal((11_000_000, 10_000_000), (device.Length, frozen.Length));
            Assert.True(frozen.IsReadOnly && !device.IsReadOnly);
            Assert.Equal(content, Read(frozen, 5_000, content.Length));
            Assert.Equal(new byte[100], Read(device, 5_000, 100));
            Assert.Equal(content[100..], Read(device, 5_100, content.Length - 100));
            // A write after the restart takes no block that somebody holds.
            device.Write(2_000_000, content);
            Assert.Equal(content, Read(frozen, 5_000, content.Length));
            device.Restore(frozen);
            Assert.Equal(content, Read(device, 5_000, content.Length));
            Assert.Equal(11_000_000, device.Length);
            Assert.Equal(new byte[1000], Read(device, 10_500_000, 1000));
        }

        using (var store = SparseVolumeStore.InDirectory(folder.FullName, 4096))
        {
            Assert.Equal(content, Read(store.Open(volume)!, 5_000, content.Length));
            Assert.Equal(74, store.AllocatedBlocks);
            store.Open(snapshot)!.Dispose();
            Assert.Equal(74, store.AllocatedBlocks);
        }
    }

    private static byte[] Read(SparseVolume device, long offset, int count)
    {
        var buffer = new byte[count];
        device.Read(offset, buffer);
        return buffer;
    }

    private static IEnumerable<KeyValuePair<string, string>> Rows(params (string Key, string Value)[] rows) =>
        rows.Select(row => KeyValuePair.Create(row.Key, row.Value));

    private sealed class RecordingStore : IStateStore
    {
        public List<int> Saves { get; } = [];

        public IReadOnlyDictionary<string, string> Load(string table) => new Dictionary<string, string>();

        public void Save(IReadOnlyCollection<StateChange> changes) => Saves.Add(changes.Count);
    }
}
