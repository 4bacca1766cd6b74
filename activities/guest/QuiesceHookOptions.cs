namespace SnapshotWorkflows.Activities.GuestSteps;

/// <summary>The guest-side agent that freezes and thaws. Its contract is docs/quiesce-hook.md.</summary>
public sealed class QuiesceHookOptions
{
    /// <summary>Base address; <c>{vmId}</c> in it is replaced by the VM's CloudStack uuid. Empty: quiesce 'hook' is refused.</summary>
    public string Url { get; set; } = "";

    /// <summary>Bearer token that the agent expects.</summary>
    public string Token { get; set; } = "";

    /// <summary>After this time the agent thaws by itself, whether we live or not. 1 to 60 s; a guest should run again within 10.</summary>
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Deadline of one call to the agent.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
