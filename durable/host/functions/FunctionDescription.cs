namespace SnapshotWorkflows.Durable.Host.Functions;

/// <summary>What the admin routes and the log tell of a function.</summary>
/// <param name="Trigger">As in a function.json: httpTrigger, timerTrigger, orchestrationTrigger, activityTrigger, entityTrigger; empty for a disabled one.</param>
internal sealed record FunctionDescription(string Name, string Trigger, string EntryPoint)
{
    /// <summary>Route template of an HTTP function, prefix included.</summary>
    public string? Route { get; init; }

    public string? Schedule { get; init; }

    public bool IsDisabled { get; init; }
}
