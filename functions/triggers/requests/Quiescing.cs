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
}
