using SnapshotWorkflows.Simulators;

namespace SnapshotWorkflows.Tests.Unit.Simulators.Program;

public sealed class CommandLineTests
{
    [Fact]
    public void Only_the_folder_is_required()
    {
        var options = ProgramOptions.Parse(["--state", "some/where"]);

        Assert.Equal(Path.GetFullPath("some/where"), options.StatePath);
        Assert.Equal("8", options.XenServerVersion);
        Assert.Equal(400L << 20, options.CopyBytesPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(2), options.CloneTime);
        Assert.Null(options.ParentProcess);
    }

    [Fact]
    public void Every_option_is_read()
    {
        var options = ProgramOptions.Parse(["--xenserver", "7.1", "--copy-rate", "1000", "--clone-time", "0.5", "--parent", "12", "--state", "/s"]);

        Assert.Equal("7.1", options.XenServerVersion);
        Assert.Equal(1000, options.CopyBytesPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(0.5), options.CloneTime);
        Assert.Equal(12, options.ParentProcess);
    }

    [Theory]
    [InlineData("--state is required")]
    [InlineData("--state needs a value", "--state")]
    [InlineData("'--stat'", "--stat", "s")]
    [InlineData("8 or 7.1", "--state", "s", "--xenserver", "9")]
    [InlineData("--copy-rate", "--state", "s", "--copy-rate", "0")]
    [InlineData("--copy-rate", "--state", "s", "--copy-rate", "fast")]
    [InlineData("--clone-time", "--state", "s", "--clone-time", "-1")]
    [InlineData("--clone-time", "--state", "s", "--clone-time", "99999999")]
    [InlineData("--parent", "--state", "s", "--parent", "0")]
    public void A_mistake_is_named(string expected, params string[] arguments) =>
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => ProgramOptions.Parse(arguments)).Message, StringComparison.Ordinal);
}
