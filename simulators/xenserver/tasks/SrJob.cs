namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>
/// An operation that keeps an SR to itself for a time. While another has it the coordinator lets the call wait, in the order of their coming; when too
/// many wait, or none may, it refuses.
/// </summary>
/// <remarks>xapi-project/xen-api ocaml/xapi/xapi_sr_operations.ml, message_forwarding.ml and helpers.ml: plugging goes on beside everything else.</remarks>
internal sealed class SrJob : PoolJob
{
    private const string Plug = "plug";
    private readonly SrRow _sr;
    private readonly string _operation;
    private readonly Func<object?> _body;
    private DateTimeOffset? _until;

    private SrJob(Call call, SrRow sr, string operation, Func<object?> body)
        : base(call.Pool, call.Task) => (_sr, _operation, _body) = (sr, operation, body);

    private bool IsBusy => _operation != Plug && _sr.CurrentOperations.Count > 0;

    /// <summary>The body's value at once where operations take no time; else a job that ends with it.</summary>
    public static object? Run(Call call, SrRow sr, string operation, Func<object?> body)
    {
        var options = call.Pool.Options;
        if (options.SrOperationTime == TimeSpan.Zero)
            return body();
        var job = new SrJob(call, sr, operation, body);
        if (!job.IsBusy)
            return job;
        if (options.SrQueue == 0)
            SrCalls.CheckIdle(sr);
        return call.Pool.Jobs.OfType<SrJob>().Count(j => j._sr == sr && j._until is null) < options.SrQueue ? job : throw new XenError("TOO_MANY_PENDING_TASKS");
    }

    public override bool Advance()
    {
        try
        {
            if (_until is null)
            {
                if (Pool.Db.Find<SrRow>(_sr.Ref) is null)
                    throw new XenError("HANDLE_INVALID", "SR", _sr.Ref);
                if (Task.CancelAsked)
                    throw new XenError("TASK_CANCELLED", Task.Ref);
                if (IsBusy)
                    return false;
                _sr.CurrentOperations[Task.Ref] = _operation;
                Pool.Db.Touch(_sr);
                _until = Pool.Now + Pool.Options.SrOperationTime;
            }

            if (Pool.Now < _until)
                return false;
            Release();
            Succeed(_body());
        }
        catch (Exception e) when (e is XenError or IOException)
        {
            Release();
            Fail(Dispatcher.AsApiError(e)!);
        }

        return true;
    }

    protected override void Release()
    {
        if (_sr.CurrentOperations.Remove(Task.Ref))
            Pool.Db.Touch(_sr);
    }
}
