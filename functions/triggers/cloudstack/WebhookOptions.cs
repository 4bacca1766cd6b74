namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>How CloudStack's webhook proves itself. Bound from section CloudStack:Webhook.</summary>
public sealed class WebhookOptions
{
    /// <summary>The webhook's secretkey; several, separated by commas, while it is being changed. Empty: the route is closed.</summary>
    public string Secret { get; set; } = "";
}
