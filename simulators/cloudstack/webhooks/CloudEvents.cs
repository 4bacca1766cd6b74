namespace SnapshotWorkflows.Simulators.CloudStack;

/// <summary>Action events on their way to the webhooks. They are raised under the database's lock and delivered outside of it.</summary>
internal sealed class CloudEvents(CloudState state, CloudStackOptions options, TimeProvider clock)
{
    /// <summary>Takes each event; null while nobody listens.</summary>
    public Action<CloudActionEvent>? Listener { get; set; }

    public void Raise(string type, string status, CloudSnapshot snapshot, string description) => Listener?.Invoke(new CloudActionEvent
    {
        Id = Guid.NewGuid().ToString(),
        Type = type,
        Status = status,
        User = options.CallerAccount,
        Account = state.Accounts.TryGetValue(snapshot.Account, out var account) ? account.Id : snapshot.Account,
        Entity = "com.cloud.storage.Snapshot",
        EntityUuid = snapshot.Id,
        Description = description,
        At = clock.GetUtcNow(),
        Related = new Dictionary<string, string>(StringComparer.Ordinal) { ["Snapshot"] = snapshot.Id, ["Volume"] = snapshot.VolumeId },
    });
}
