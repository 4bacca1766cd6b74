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
