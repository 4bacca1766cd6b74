using SnapshotWorkflows.Lab;

namespace SnapshotWorkflows.Tests.E2e;

public sealed class RunOptionsTests
{
    [Fact]
    public void Every_option_is_understood()
    {
        var options = RunOptions.Parse(["--blob", "--copy", "stream", "--quiesce", "hook", "--xenserver", "7.1", "--kill", "--seed", "42", "--keep", "--clean", "--restore"]);

        Assert.Equal(("hook", "7.1", true, 42, true, true), (options.Quiesce, options.XenServer, options.Kill, options.Seed, options.Keep, options.Clean));
        Assert.True(options.Restore);
        Assert.Equal((true, "stream", true), (options.Blob, options.Copy, options.Streams));
    }

    [Theory]
    [InlineData("--policy")]
    [InlineData("--webhook")]
    public void Runs_of_their_own_go_with_kills(string run) => Assert.Equal((true, 42), (RunOptions.Parse([run, "--kill", "--seed", "42"]).Kill, RunOptions.Parse([run, "--kill", "--seed", "42"]).Seed));

    [Fact]
    public void Two_arrays_are_a_run_of_their_own()
    {
        Assert.Equal(2, RunOptions.Parse(["--arrays", "2"]).Arrays);
        Assert.Throws<UsageException>(() => RunOptions.Parse(["--arrays", "2", "--kill"]));
    }

    [Theory]
    [InlineData("--arrays", "3")]
    [InlineData("--blob", "--copy", "offload")]
    [InlineData("--copy", "tape")]
    [InlineData("--encrypt")]
    [InlineData("--quick")]
    [InlineData("--seed")]
    [InlineData("--seed", "later")]
    [InlineData("--quiesce", "pause")]
    [InlineData("--xenserver", "9")]
    public void A_wrong_option_is_named(params string[] args)
    {
        var error = Assert.Throws<UsageException>(() => RunOptions.Parse(args));

        Assert.Contains(args[0], error.Message, StringComparison.Ordinal);
    }
}
