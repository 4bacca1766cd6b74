namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>The guest-side agent that freezes and thaws. Its contract is docs/quiesce-hook.md.</summary>
public sealed class QuiesceHookOptions
{
    /// <summary>Base address; <c>{vmId}</c> in it is replaced by the VM's CloudStack uuid. Empty: quiesce 'hook' is refused.</summary>
    public string Url { get; set; } = "";

    /// <summary>Bearer token that the agent expects.</summary>
    public string Token { get; set; } = "";

    /// <summary>Shorter, and no array could take a snapshot in time.</summary>
    public static readonly TimeSpan ShortestTimeToLive = TimeSpan.FromSeconds(2);

    /// <summary>Longer, and a guest whose freezer died would not run again within 10 s.</summary>
    public static readonly TimeSpan LongestTimeToLive = TimeSpan.FromSeconds(9);

    /// <summary>After this time the agent thaws by itself, whether we live or not. 2 to 9 s.</summary>
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Deadline of a freeze: what the guest has not written yet is flushed in it.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Deadline of a thaw: it flushes nothing, the guest waits for it, and it is tried again at once.</summary>
    public TimeSpan ThawTimeout { get; set; } = TimeSpan.FromSeconds(2);
}
