namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>The member <c>quiesce</c> of every body that takes a snapshot.</summary>
internal static class Quiescing
{
    public static QuiesceMode Read(BodyReader body) => body.OneOf("quiesce", "none", "hook", "pause") switch
    {
        "hook" => QuiesceMode.Hook,
        "pause" => QuiesceMode.Pause,
        _ => QuiesceMode.None,
    };

    /// <summary>What could only fail later is refused at once.</summary>
    /// <exception cref="BadRequestException"><c>quiesce.not-configured</c>: there is no agent to ask.</exception>
    public static void Require(this QuiescingOptions options, QuiesceMode mode)
    {
        if (mode == QuiesceMode.Hook && options.Url.Length == 0)
            throw new BadRequestException("quiesce.not-configured", "'quiesce' is hook, but the settings name no agent.", "Set Quiesce:Hook:Url and Quiesce:Hook:Token (docs/quiesce-hook.md), or ask for quiesce 'none'.");
    }
}
