using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Destinations;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Secondary;

public sealed class DestinationTests
{
    private static SecondaryDestinationOptions One(string name) => new() { Name = name, Path = "/mnt/secondary", Server = "nfs.example", Export = "/export/secondary/" };

    [Fact]
    public void The_only_destination_is_the_default_and_tells_what_hypervisors_mount()
    {
        var destinations = new SecondaryDestinations(new SecondaryOptions { Destinations = { One("nfs1") } });
        var destination = destinations.Get(null);
        Assert.Equal("nfs1", destination.Name);
        Assert.NotNull(destination.Folders);
        Assert.Equal("/export/secondary/swf/z", destination.ExportedPath("swf/z"));
        Assert.Equal(StoreCodes.NoDestination, Assert.Throws<SecondaryStoreException>(() => destinations.Get("other")).Code);
    }

    [Fact]
    public void Of_several_the_named_one_is_the_default_and_without_a_name_there_is_none()
    {
        Assert.Equal("b", new SecondaryDestinations(new SecondaryOptions { Destinations = { One("a"), One("b") }, DefaultDestination = "b" }).Get(null).Name);
        Assert.Throws<SecondaryStoreException>(() => new SecondaryDestinations(new SecondaryOptions { Destinations = { One("a"), One("b") } }).Get(null));
    }

    /// <summary>Timers of the libraries take no such times: each would fail in the middle of a copy, or the start without a word of the setting.</summary>
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void Times_of_a_destination_have_an_end(int hours, bool works)
    {
        var nfs = One("a");
        nfs.Retry.LongestDelay = TimeSpan.FromHours(hours);
        var blob = new SecondaryDestinationOptions
        {
            Name = "b", Kind = "blob", Blob = new BlobDestinationOptions { Container = "copies", ServiceUrl = new Uri("https://one.blob.core.windows.net"), Sas = "sv=1", NetworkTimeout = TimeSpan.FromHours(hours) },
        };
        var faults = SecondaryDestinations.Faults(new SecondaryOptions { Destinations = { nfs, blob }, DefaultDestination = "a" });
        Assert.Equal(works ? 0 : 2, faults.Count);
        if (!works) Assert.Equal((true, true), (faults[0].Contains("Retry", StringComparison.Ordinal), faults[1].Contains("NetworkTimeout", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_address_that_is_none_is_a_fault_and_no_place()
    {
        var options = new SecondaryOptions { Destinations = { new SecondaryDestinationOptions { Name = "a", Kind = "blob", Blob = new BlobDestinationOptions { Container = "copies", ServiceUrl = new Uri("account", UriKind.Relative), Sas = "sv=1" } } } };
        Assert.Empty(DestinationPlaces.Faults(options, "/var/lib/swf"));
        Assert.Contains("ServiceUrl", Assert.Single(SecondaryDestinations.Faults(options)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/mnt/a", "/mnt/b", null)]
    [InlineData("/mnt/a", "/mnt/ab", null)]
    [InlineData("/mnt/a", "/mnt/a", "destinations 'a' and 'b'")]
    [InlineData("/mnt/a/", "/mnt/x/../a/inner", "destinations 'a' and 'b'")]
    [InlineData("/mnt/b/inner", "/mnt/b", "destinations 'a' and 'b'")]
    [InlineData("/var/lib/swf", "/mnt/b", "destination 'a' has a Path within SnapshotWorkflows:StatePath")]
    [InlineData("/mnt/a", "/var/lib/swf/store", "destination 'b' has a Path within SnapshotWorkflows:StatePath")]
    [InlineData("/mnt/a", "/var/lib", "destination 'b' has a Path within SnapshotWorkflows:StatePath")]
    public void Each_folder_is_a_place_of_its_own(string a, string b, string? fault)
    {
        var faults = DestinationPlaces.Faults(new SecondaryOptions { Destinations = { At("a", a), At("b", b) } }, "/var/lib/swf");
        if (fault is null) Assert.Empty(faults);
        else Assert.StartsWith(fault, Assert.Single(faults), StringComparison.Ordinal);

        static SecondaryDestinationOptions At(string name, string path) => new() { Name = name, Path = path, Server = "s", Export = "/e" };
    }

    [Theory]
    [InlineData("https://one.blob.core.windows.net", "copies", true)]
    [InlineData("https://ONE.blob.core.windows.net/", "copies", true)]
    [InlineData("https://one.blob.core.windows.net", "others", false)]
    [InlineData("https://two.blob.core.windows.net", "copies", false)]
    public void Each_container_is_a_place_of_its_own(string service, string container, bool same)
    {
        const string Connection = "DefaultEndpointsProtocol=https;AccountName=one;AccountKey=AAAA;EndpointSuffix=core.windows.net";
        var faults = DestinationPlaces.Faults(
            new SecondaryOptions
            {
                Destinations =
                {
                    new SecondaryDestinationOptions { Name = "a", Kind = "blob", Blob = new BlobDestinationOptions { Container = "copies", ConnectionString = Connection } },
                    new SecondaryDestinationOptions { Name = "b", Kind = "blob", Blob = new BlobDestinationOptions { Container = container, ServiceUrl = new Uri(service), Sas = "sv=1" } },
                    new SecondaryDestinationOptions { Name = "c", Kind = "blob", Blob = new BlobDestinationOptions { Container = "copies", ConnectionString = "unreadable" } },
                    One("d"),
                },
            },
            "/var/lib/swf");
        string[] expected = same ? ["destinations 'a' and 'b' have the same container"] : [];
        Assert.Equal(expected, faults);
    }

    /// <summary>What opens a container is no part of where it is.</summary>
    [Fact]
    public void A_container_that_two_signatures_open_is_one_place()
    {
        const string Connection = "BlobEndpoint=https://one.blob.core.windows.net/;SharedAccessSignature=sv=2024-11-04&sig=";
        var faults = DestinationPlaces.Faults(
            new SecondaryOptions
            {
                Destinations =
                {
                    new SecondaryDestinationOptions { Name = "a", Kind = "blob", Blob = new BlobDestinationOptions { Container = "copies", ConnectionString = $"{Connection}AAAA" } },
                    new SecondaryDestinationOptions { Name = "b", Kind = "blob", Blob = new BlobDestinationOptions { Container = "copies", ConnectionString = $"{Connection}BBBB" } },
                    new SecondaryDestinationOptions { Name = "c", Kind = "blob", Blob = new BlobDestinationOptions { Container = "copies", ServiceUrl = new Uri("https://one.blob.core.windows.net/?sv=2024-11-04&sig=CCCC"), Sas = "sv=1" } },
                },
            },
            "/var/lib/swf");
        Assert.Equal(["a' and 'b", "a' and 'c", "b' and 'c"], faults.Select(fault => fault["destinations '".Length..^"' have the same container".Length]));
    }

    [Fact]
    public async Task A_file_where_all_copies_are_to_lie_is_found_before_the_first_copy()
    {
        var folder = Directory.CreateTempSubdirectory("swf-in-the-way").FullName;
        try
        {
            var one = new SecondaryDestinationOptions { Name = "nfs1", Path = folder, Server = "s", Export = "/e", RequireMount = false, MinimumFreeBytes = 0 };
            var store = new SecondaryDestinations(new SecondaryOptions { Destinations = { one } }).Get(null).Store;
            Assert.Null((await store.CheckAsync(TestContext.Current.CancellationToken)).Fault);
            await File.WriteAllTextAsync(Path.Combine(folder, "swf"), "", TestContext.Current.CancellationToken);
            Assert.Equal(StoreCodes.Exists, (await store.CheckAsync(TestContext.Current.CancellationToken)).Fault?.Code);
            File.Delete(Path.Combine(folder, "swf"));
            Directory.CreateDirectory(Path.Combine(folder, "swf"));
            Assert.Null((await store.CheckAsync(TestContext.Current.CancellationToken)).Fault);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Everything_that_is_wrong_with_the_settings_is_said_at_once()
    {
        var wrong = Assert.Throws<SecondaryStoreException>(() => new SecondaryDestinations(new SecondaryOptions
        {
            Destinations = { One("a"), One("a"), new SecondaryDestinationOptions { Name = "bad name", Kind = "tape", MinimumFreeBytes = -1 }, new SecondaryDestinationOptions { Name = "d" },
                new SecondaryDestinationOptions { Name = "e", Kind = "blob" } },
            DefaultDestination = "c",
        }));
        Assert.Equal(StoreCodes.NoDestination, wrong.Code);
        foreach (var part in new[] { "two destinations", "no usable Name", "tape", "absolute Path", "Export", "MinimumFreeBytes", "exactly one of ConnectionString" })
            Assert.Contains(part, wrong.Message);
    }
}
