using System.Text;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Tests.Secondary;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

public sealed class ManifestTests
{
    internal static SnapshotManifest Sample() => new()
    {
        FormatVersion = 1,
        SnapshotId = "0a1b2c3d-0000-4000-8000-00000000000a",
        Name = "before the upgrade",
        Installation = "zurich-1",
        RequestKey = "k7f3",
        CreatedAt = new DateTimeOffset(2026, 3, 1, 11, 59, 58, TimeSpan.Zero),
        Zone = "b1b2b3b4-0000-4000-8000-00000000000b",
        Account = "acme",
        Volume = new ManifestVolume
        {
            CloudStackId = "c1c2c3c4-0000-4000-8000-00000000000c",
            Name = "ROOT-12",
            ArrayClusterUuid = "d1d2",
            VolumeId = 77,
            Iqn = "iqn.2010-01.com.solidfire:d1d2.root-12.77",
            VirtualSizeBytes = 1 << 30,
        },
        Vm = new ManifestVm { CloudStackId = "e1e2e3e4-0000-4000-8000-00000000000e", Name = "web", Uuid = "f1f2f3f4-0000-4000-8000-00000000000f" },
        Format = "vhd",
        Location = "swf/b1b2b3b4-0000-4000-8000-00000000000b/c1c2c3c4-0000-4000-8000-00000000000c/0a1b2c3d-0000-4000-8000-00000000000a/99999999-0000-4000-8000-000000000009.vhd",
        DataBytes = 123_456_512,
        DiskBytes = 1 << 30,
        Root = new string('a', 64),
        RootAlgorithm = DiskRoot.Algorithm,
        Consistency = new ManifestConsistency { Kind = ConsistencyKind.Crash, Quiesce = QuiesceMode.Hook, Detail = "the guest thawed by itself" },
        Verified = new ManifestVerification { Level = VerificationLevel.Full, At = new DateTimeOffset(2026, 3, 1, 12, 5, 0, TimeSpan.Zero), By = "clone export against destination" },
        Copy = new ManifestCopy
        {
            Method = CopyMethod.Offload,
            StartedAt = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero),
            EndedAt = new DateTimeOffset(2026, 3, 1, 12, 4, 0, TimeSpan.Zero),
            Strategy = ResignStrategy.Relvmoiscsi,
            Pool = "backup",
            Host = "abcdabcd-0000-4000-8000-00000000abcd",
        },
        FullReason = "first",
    };

    /// <summary>These bytes are the format: other bytes here mean another format version.</summary>
    private const string Golden = """
        {
          "formatVersion": 1,
          "snapshotId": "0a1b2c3d-0000-4000-8000-00000000000a",
          "name": "before the upgrade",
          "installation": "zurich-1",
          "requestKey": "k7f3",
          "createdAt": "2026-03-01T11:59:58+00:00",
          "zone": "b1b2b3b4-0000-4000-8000-00000000000b",
          "account": "acme",
          "volume": {
            "cloudStackId": "c1c2c3c4-0000-4000-8000-00000000000c",
            "name": "ROOT-12",
            "arrayClusterUuid": "d1d2",
            "volumeId": 77,
            "iqn": "iqn.2010-01.com.solidfire:d1d2.root-12.77",
            "virtualSizeBytes": 1073741824
          },
          "vm": {
            "cloudStackId": "e1e2e3e4-0000-4000-8000-00000000000e",
            "name": "web",
            "uuid": "f1f2f3f4-0000-4000-8000-00000000000f"
          },
          "format": "vhd",
          "location": "swf/b1b2b3b4-0000-4000-8000-00000000000b/c1c2c3c4-0000-4000-8000-00000000000c/0a1b2c3d-0000-4000-8000-00000000000a/99999999-0000-4000-8000-000000000009.vhd",
          "dataBytes": 123456512,
          "diskBytes": 1073741824,
          "root": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "rootAlgorithm": "swf-disk-root-1",
          "consistency": {
            "kind": "crash",
            "quiesce": "hook",
            "detail": "the guest thawed by itself"
          },
          "verified": {
            "level": "full",
            "at": "2026-03-01T12:05:00+00:00",
            "by": "clone export against destination"
          },
          "copy": {
            "method": "offload",
            "startedAt": "2026-03-01T12:00:00+00:00",
            "endedAt": "2026-03-01T12:04:00+00:00",
            "strategy": "relvmoiscsi",
            "pool": "backup",
            "host": "abcdabcd-0000-4000-8000-00000000abcd"
          },
          "fullReason": "first"
        }

        """;

    [Fact]
    public void The_bytes_of_format_version_1_are_fixed()
    {
        Assert.Equal(Golden.ReplaceLineEndings("\n"), Encoding.UTF8.GetString(ManifestFormat.Write(Sample())));
        Assert.Equal(Sample(), ManifestFormat.Read(Encoding.UTF8.GetBytes(Golden)));
    }

    [Fact]
    public void What_a_rebuild_needs_is_written_where_it_is_so_and_read_back()
    {
        var full = Sample() with { GroupId = "0b1b2c3d-0000-4000-8000-00000000000b", KeptOnPrimary = true, AdoptedSnapshotId = "0c1b2c3d-0000-4000-8000-00000000000c" };
        var bytes = ManifestFormat.Write(full);
        Assert.EndsWith(
            """
              "fullReason": "first",
              "groupId": "0b1b2c3d-0000-4000-8000-00000000000b",
              "keptOnPrimary": true,
              "adoptedSnapshotId": "0c1b2c3d-0000-4000-8000-00000000000c"
            }

            """.ReplaceLineEndings("\n"), Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
        Assert.Equal(full, ManifestFormat.Read(bytes));
        Assert.Equal("manifest.invalid", Assert.Throws<ManifestException>(() => ManifestFormat.Write(full with { KeptOnPrimary = false })).Code);
        Assert.Equal("manifest.invalid", Assert.Throws<ManifestException>(() => ManifestFormat.Write(full with { GroupId = "no uuid" })).Code);
    }

    [Theory]
    [InlineData("\"formatVersion\": 1", "\"formatVersion\": 2", "manifest.newer")]
    [InlineData("\"formatVersion\": 1,", "\"formatVersion\": 2, \"news\": {},", "manifest.newer")]
    [InlineData("\"formatVersion\": 1,", "", "manifest.invalid")]
    [InlineData("\"formatVersion\": 1", "\"formatVersion\": \"1\"", "manifest.invalid")]
    [InlineData("\"formatVersion\": 1,", "\"formatVersion\": 1, \"misspelt\": 1,", "manifest.invalid")]
    [InlineData("\"formatVersion\": 1,", "\"formatVersion\": 1, \"diskBytes\": 5,", "manifest.invalid")]
    [InlineData("\"account\": \"acme\"", "\"Account\": \"acme\"", "manifest.invalid")]
    [InlineData("\"installation\": \"zurich-1\"", "\"installation\": null", "manifest.invalid")]
    [InlineData("\"installation\": \"zurich-1\",", "", "manifest.invalid")]
    [InlineData("\"level\": \"full\"", "\"level\": 2", "manifest.invalid")]
    [InlineData("\"level\": \"full\"", "\"level\": \"perfect\"", "manifest.invalid")]
    [InlineData("\"location\": \"swf/", "\"location\": \"/mnt/swf/", "manifest.invalid")]
    [InlineData("\"location\": \"swf/", "\"location\": \"swf/../", "manifest.invalid")]
    [InlineData("\"root\": \"aa", "\"root\": \"AA", "manifest.invalid")]
    [InlineData("\"root\": \"aa", "\"root\": \"a", "manifest.invalid")]
    [InlineData("swf-disk-root-1", "swf-disk-root-2", "manifest.invalid")]
    [InlineData("\"diskBytes\": 1073741824", "\"diskBytes\": 0", "manifest.invalid")]
    [InlineData("\"format\": \"vhd\"", "\"format\": \"qcow2\"", "manifest.invalid")]
    [InlineData("0a1b2c3d-0000-4000-8000-00000000000a\",", "0A1B2C3D-0000-4000-8000-00000000000A\",", "manifest.invalid")]
    [InlineData("{\n  \"formatVersion\"", "[\n  \"formatVersion\"", "manifest.invalid")]
    [InlineData("\"first\"\n}", "\"first\"\n} x", "manifest.invalid")]
    public void Anything_else_is_refused(string what, string by, string code)
    {
        var text = Golden.ReplaceLineEndings("\n");
        Assert.Contains(what, text);
        var refused = Assert.Throws<ManifestException>(() => ManifestFormat.Read(Encoding.UTF8.GetBytes(text.Replace(what, by))));
        Assert.Equal(code, refused.Code);
        Assert.NotEmpty(refused.Remedy);
    }

    [Fact]
    public void A_manifest_that_could_not_be_read_is_not_written() =>
        Assert.Equal("manifest.invalid", Assert.Throws<ManifestException>(() => ManifestFormat.Write(Sample() with { Root = "x" })).Code);

    [Fact]
    public async Task Publishing_the_same_manifest_twice_is_success_and_another_one_is_a_conflict()
    {
        using var folder = new TempFolder();
        var manifests = new ManifestStore(Disks.Store(folder));
        var name = await manifests.PublishAsync(Sample(), Disks.None);

        Assert.Equal("swf/b1b2b3b4-0000-4000-8000-00000000000b/c1c2c3c4-0000-4000-8000-00000000000c/0a1b2c3d-0000-4000-8000-00000000000a.manifest.json", name);
        Assert.Equal(name, await manifests.PublishAsync(Sample(), Disks.None));
        var refused = await Assert.ThrowsAsync<ManifestException>(() => manifests.PublishAsync(Sample() with { DiskBytes = 5 << 20 }, Disks.None));
        Assert.Equal("manifest.conflict", refused.Code);
        Assert.Equal(Sample(), await manifests.FindAsync(SnapshotAddress.Of(Sample()), Disks.None));
        Assert.Null(await manifests.FindAsync(SnapshotAddress.Of(Sample()) with { SnapshotUuid = Guid.Empty.ToString() }, Disks.None));
    }

    [Fact]
    public async Task Manifests_are_listed_and_one_under_a_wrong_name_is_refused()
    {
        using var folder = new TempFolder();
        var store = Disks.Store(folder);
        var manifests = new ManifestStore(store);
        await manifests.PublishAsync(Sample(), Disks.None);
        var stray = SnapshotLocations.Manifest(SnapshotAddress.Of(Sample()) with { SnapshotUuid = Guid.Empty.ToString() });
        await store.PutAsync(stray, ManifestFormat.Write(Sample()), Disks.None);
        await store.PutAsync(Sample().Location, new byte[] { 1 }, Disks.None);

        var listed = new List<SnapshotAddress>();
        await foreach (var address in manifests.ListAsync(SnapshotLocations.Prefix, Disks.None))
            listed.Add(address);
        Assert.Equal(2, listed.Count);
        Assert.Contains(SnapshotAddress.Of(Sample()), listed);
        await Assert.ThrowsAsync<ManifestException>(() => manifests.ReadAsync(stray, Disks.None));
    }

    [Fact]
    public void Names_are_built_and_parsed()
    {
        var address = SnapshotAddress.Of(Sample());
        Assert.True(SnapshotLocations.TryParseManifest(SnapshotLocations.Manifest(address), out var parsed));
        Assert.Equal(address, parsed);
        Assert.Equal(Sample().Location, SnapshotLocations.DataFile(address, "99999999-0000-4000-8000-000000000009"));
        Assert.True(SnapshotLocations.TryParseData(Sample().Location, out var owner));
        Assert.Equal(address, owner);
        Assert.True(SnapshotLocations.TryParseData(SnapshotLocations.DataFolder(address) + "/sr/disk.vhd", out _));

        Assert.False(SnapshotLocations.TryParseManifest("snapshots/2/5/x.manifest.json", out _));
        Assert.False(SnapshotLocations.TryParseManifest(Sample().Location, out _));
        Assert.False(SnapshotLocations.TryParseData(SnapshotLocations.Manifest(address), out _));
        Assert.Throws<SecondaryStoreException>(() => SnapshotLocations.Manifest(address with { Zone = "../x" }));
        Assert.Throws<SecondaryStoreException>(() => SnapshotLocations.Manifest(address with { SnapshotUuid = "5" }));
        Assert.Throws<SecondaryStoreException>(() => SnapshotLocations.DataFile(address, "../../etc/passwd"));
    }
}
