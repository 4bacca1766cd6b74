namespace SnapshotWorkflows.XenServer;

/// <summary>Asynchronous calls under way.</summary>
public sealed class TaskCalls
{
    private readonly XenServerClient _client;

    internal TaskCalls(XenServerClient client) => _client = client;

    /// <summary>Null when the pool knows the task no more: its outcome is then UNKNOWN, so look at the resources.</summary>
    public Task<XenTask?> FindAsync(OpaqueRef task, CancellationToken cancellation) => _client.FindRecordAsync("task.get_record", task, XenJson.Default.XenTask, cancellation);

    /// <summary>Those of a label, which need not be unique.</summary>
    public Task<IReadOnlyList<XenTask>> ListAsync(string label, CancellationToken cancellation) => _client.GetRecordsWhereAsync("task", "name__label", label, XenJson.Default.XenTask, cancellation);

    /// <summary>All tasks, for finding one by a marker in its other_config.</summary>
    public Task<IReadOnlyList<XenTask>> ListAsync(CancellationToken cancellation) => _client.GetAllRecordsAsync("task.get_all_records", XenJson.Default.XenTask, cancellation);

    /// <summary>Looks at a task, ever less often up to once a second, until it has ended; only the token bounds the wait.</summary>
    /// <exception cref="XenApiOutcomeUnknownException">The pool knows the task no more (it restarted, or the task is too old): look at the resources.</exception>
    public async Task<XenTask> WaitAsync(OpaqueRef task, CancellationToken cancellation)
    {
        for (var pause = TimeSpan.FromMilliseconds(20); ; pause = TimeSpan.FromMilliseconds(Math.Min(1000, pause.TotalMilliseconds * 2)))
        {
            var found = await FindAsync(task, cancellation)
                ?? throw new XenApiOutcomeUnknownException("task.get_record", XenApiErrors.HandleInvalid, "The pool knows the task no more.");
            if (found.Ended) return found;
            await Task.Delay(pause, _client.Connection.Time, cancellation);
        }
    }

    /// <summary>Makes a task of our own, for the export to report to.</summary>
    public Task<OpaqueRef> CreateAsync(string label, string description, CancellationToken cancellation) =>
        _client.CallForRefAsync("task.create", CallKind.Write, [label, description], cancellation);

    /// <summary>Asks a task to stop. It may still succeed or fail: wait until it has ended. Already gone is success.</summary>
    public Task CancelAsync(OpaqueRef task, CancellationToken cancellation) => _client.RemoveAsync("task.cancel", CallKind.Write, [task.Value], cancellation);

    /// <summary>Ends a task of our own that no work of the pool will end. Pools that do not know the call keep it for a day (API 2.6 and older do not).</summary>
    public async Task EndCancelledAsync(OpaqueRef task, CancellationToken cancellation)
    {
        try
        {
            await _client.RemoveAsync("task.set_status", CallKind.Write, [task.Value, "cancelled"], cancellation);
        }
        catch (XenApiException unknown) when (unknown.Code is XenApiErrors.MessageMethodUnknown or XenApiErrors.MessageRemoved)
        {
            // The pool's own collection of old tasks is what remains.
        }
    }

    /// <summary>Drops a task's row (when it ends, if it still runs). Already gone is success.</summary>
    public Task DestroyAsync(OpaqueRef task, CancellationToken cancellation) => _client.RemoveAsync("task.destroy", CallKind.Write, [task.Value], cancellation);

    /// <summary>Replaces other_config as a whole: for a task that nobody else writes to.</summary>
    public Task SetOtherConfigAsync(OpaqueRef task, IReadOnlyDictionary<string, string> whole, CancellationToken cancellation) =>
        _client.CallAsync("task.set_other_config", CallKind.Write, [task.Value, XenServerClient.Map(whole)], cancellation);
}
