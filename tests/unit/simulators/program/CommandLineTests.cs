using SnapshotWorkflows.Simulators;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Program;

public sealed class CommandLineTests
{
    [Fact]
    public void Only_the_folder_is_required()
    {
        var options = ProgramOptions.Parse(["--data", "some/where"]);

        Assert.Equal(Path.GetFullPath("some/where"), options.DataPath);
        Assert.Equal("8", options.XenServerVersion);
        Assert.Equal(400L << 20, options.CopyBytesPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(2), options.CloneTime);
        Assert.Null(options.ParentProcess);
        Assert.False(options.Forgets);
        Assert.True(ProgramOptions.Parse(["--forget", "--data", "some/where"]).Forgets);
    }

    [Fact]
    public void Every_option_is_read()
    {
        var options = ProgramOptions.Parse(["--xenserver-version", "7.1", "--solidfire-version", "9.6", "--solidfire", "1443", "--xenserver", "2443", "--cloudstack", "3443", "--iscsi", "--seed", "5", "--copy-rate", "1000", "--clone-time", "0.5", "--sr-time", "1.5", "--parent", "12", "--arrays", "2", "--data", "/s"]);

        Assert.Equal("7.1", options.XenServerVersion);
        Assert.Equal(1000, options.CopyBytesPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(0.5), options.CloneTime);
        Assert.Equal(TimeSpan.FromSeconds(1.5), options.SrTime);
        Assert.Equal(12, options.ParentProcess);
        Assert.True(options.TwoArrays);
        Assert.Equal("9.6", options.SolidFireVersion);
        Assert.Equal((1443, 2443, 3443), (options.SolidFirePort, options.XenServerPort, options.CloudStackPort));
        Assert.Equal((0, 5), (options.IscsiPort, options.Seed));
        Assert.Equal(3260, ProgramOptions.Parse(["--data", "/s", "--iscsi", "3260"]).IscsiPort);
    }

    [Theory]
    [InlineData("7.1")]
    [InlineData("8.0")]
    [InlineData("9")]
    public void Any_version_of_the_pools_may_be_chosen(string version) =>
        Assert.Equal(version, ProgramOptions.Parse(["--data", "s", "--xenserver-version", version]).XenServerVersion);

    [Theory]
    [InlineData("--data is required")]
    [InlineData("--data needs a value", "--data")]
    [InlineData("'--dat'", "--dat", "s")]
    [InlineData("8.1, 8.2, 8, 9", "--data", "s", "--xenserver-version", "6.5")]
    [InlineData("--copy-rate", "--data", "s", "--copy-rate", "0")]
    [InlineData("--copy-rate", "--data", "s", "--copy-rate", "fast")]
    [InlineData("--clone-time", "--data", "s", "--clone-time", "-1")]
    [InlineData("--clone-time", "--data", "s", "--clone-time", "99999999")]
    [InlineData("--arrays", "--data", "s", "--arrays", "3")]
    [InlineData("--xenserver", "--data", "s", "--xenserver", "65535")]
    [InlineData("12.8", "--data", "s", "--solidfire-version", "13.0")]
    [InlineData("no file", "--data", "s", "--faults", "nowhere.json")]
    [InlineData("--parent", "--data", "s", "--parent", "0")]
    public void A_mistake_is_named(string expected, params string[] arguments) =>
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => ProgramOptions.Parse(arguments)).Message, StringComparison.Ordinal);
}
