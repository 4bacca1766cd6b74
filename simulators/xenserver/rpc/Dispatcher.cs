using SnapshotWorkflows.Simulators.Fabric;

namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Takes a call to its message: counts its arguments, checks its session, makes its task, and waits where the message waits.</summary>
internal sealed class Dispatcher(Pool pool)
{
    private const string AsyncPrefix = "Async.";
    private readonly MethodTable _methods = Messages(ApiVersion.Of(pool.Options.ProductVersion).Minor);

    public static string Plain(string method) =>
        method.StartsWith(AsyncPrefix, StringComparison.Ordinal) ? method[AsyncPrefix.Length..] : method;

    /// <summary>The value of the call; its error is thrown.</summary>
    /// <exception cref="ToolstackGone">The pool restarted while the call waited.</exception>
    public async Task<object?> ExecuteAsync(RpcRequest request, FaultSpecification? fault, CancellationToken clientGone)
    {
        object? result;
        int life;
        lock (pool.Gate)
        {
            pool.Step();
            life = pool.Life;
            try
            {
                result = Run(request, fault);
            }
            finally
            {
                pool.Save();
            }
        }

        return result switch
        {
            PoolJob job => await job.Completion.WaitAsync(clientGone),
            EventWait wait => await WaitAsync(wait, life, clientGone),
            _ => result,
        };
    }

    private static MethodTable Messages(int apiMinor)
    {
        var methods = new MethodTable();
        RecordCalls.Register(methods);
        SessionCalls.Register(methods);
        HostCalls.Register(methods);
        TaskCalls.Register(methods);
        EventCalls.Register(methods);
        SrCalls.Register(methods);
        PbdCalls.Register(methods);
        VdiCalls.Register(methods);
        NbdCalls.Register(methods);
        MessageCalls.Register(methods);
        VmCalls.Register(methods);
        VifCalls.Register(methods);
        EmptyClasses.Register(methods);
        methods.Publish(apiMinor);
        return methods;
    }

    private object? Run(RpcRequest request, FaultSpecification? fault)
    {
        var plain = Plain(request.Method);
        var isAsync = plain.Length != request.Method.Length;
        if (plain == "system.listMethods")
            return _methods.Names.Concat([SessionCalls.Login, SessionCalls.LocalLogin, "system.listMethods"]).Select(object? (n) => n).ToList();
        if (fault?.Action == FaultAction.Fail && (!isAsync || fault.Method == request.Method))
            throw XenError.Planned(fault);
        if (plain == SessionCalls.Login)
            return Counted(plain, SessionCalls.LogIn(pool, request.Parameters));
        if (plain == SessionCalls.LocalLogin)
            return Counted(plain, SessionCalls.LogInLocally(pool, request.Parameters));
        var method = _methods.Find(plain) ?? throw new XenError("MESSAGE_METHOD_UNKNOWN", request.Method);
        if (isAsync && !method.HasAsync)
            throw new XenError("Fault", $"No async mode for this operation (rpc: {request.Method})");
        var given = request.Parameters.Count - 1;
        if (given < method.Least || given > method.Most)
            throw new XenError("MESSAGE_PARAMETER_COUNT_MISMATCH", request.Method, (given < method.Least ? method.Least : method.Most).ToString(), Math.Max(0, given).ToString());
        var session = SessionCalls.Check(pool, request.Parameters[0] as string);
        if (session.IsLocal && plain is not ("session.local_logout" or "session.logout"))
            throw new XenError("SESSION_INVALID", session.Ref);
        Roles.Check(session, method);
        IReadOnlyList<object?> arguments = [.. request.Parameters.Skip(1)];
        return isAsync ? InTask(method, arguments, session, fault) : Direct(method, arguments, session, fault);
    }

    private object? Direct(Method method, IReadOnlyList<object?> arguments, SessionRow session, FaultSpecification? fault)
    {
        // Only a call that takes time shows as a task; the others are over before anyone could look.
        var task = method.Name == "VDI.copy" || pool.Options.SrOperationTime > TimeSpan.Zero ? pool.NewTask(method.Name) : new TaskRow(pool.Ids.New());
        try
        {
            var result = Counted(method.Name, method.Body(new Call(pool, method.Name, arguments, task, session, fault)));
            if (result is PoolJob job)
                pool.Start(job);
            return result;
        }
        catch (XenError e)
        {
            pool.Fail(task, e);
            throw;
        }
        catch (IOException e)
        {
            throw AsApiError(e)!;
        }
    }

    private string InTask(Method method, IReadOnlyList<object?> arguments, SessionRow session, FaultSpecification? fault)
    {
        var task = pool.NewTask(AsyncPrefix + method.Name);
        try
        {
            if (fault?.Action == FaultAction.Fail)
                throw XenError.Planned(fault);
            var result = Counted(method.Name, method.Body(new Call(pool, method.Name, arguments, task, session, fault)));
            if (result is PoolJob job)
                pool.Start(job);
            else
                pool.Succeed(task, result);
        }
        catch (Exception e) when (AsApiError(e) is { } error)
        {
            pool.Fail(task, error);
        }

        return task.Ref;
    }

    /// <summary>
    /// While the answer to a call on an SR or disk is held up, so is the object: others find the operation in progress. Disposing ends it.
    /// </summary>
    public IDisposable? Occupy(RpcRequest request, FaultSpecification? fault)
    {
        if (fault?.Action != FaultAction.Stall || request.Parameters.Count < 2 || request.Parameters[1] is not string reference)
            return null;
        lock (pool.Gate)
            return pool.Db.Find<Row>(reference) is SrRow or VdiRow
                ? new Occupation(pool, pool.Db.Find<Row>(reference)!, Plain(request.Method).Split('.')[^1])
                : null;
    }

    /// <summary>A LUN or file that fails under a driver is the driver's I/O error.</summary>
    public static XenError? AsApiError(Exception e) => e switch
    {
        XenError error => error,
        IOException io => XenError.Backend(200, "Device I/O error [opterr=" + io.Message + "]"),
        _ => null,
    };

    private object? Counted(string method, object? result)
    {
        pool.Options.Faults.CountCall(XenServerSimulator.System, method);
        return result;
    }

    private sealed class Occupation : IDisposable
    {
        private readonly Pool _pool;
        private readonly Row _row;
        private readonly string _task;

        public Occupation(Pool pool, Row row, string operation)
        {
            (_pool, _row, _task) = (pool, row, "OpaqueRef:" + pool.Ids.New());
            row.CurrentOperations[_task] = operation;
            pool.Db.Touch(row);
        }

        public void Dispose()
        {
            lock (_pool.Gate)
            {
                _row.CurrentOperations.Remove(_task);
                _pool.Db.Touch(_row);
            }
        }
    }

    private async Task<object?> WaitAsync(EventWait wait, int life, CancellationToken clientGone)
    {
        var timeout = Task.Delay(wait.Timeout, pool.Options.Clock, clientGone);
        while (true)
        {
            Task changed;
            lock (pool.Gate)
            {
                if (pool.Life != life)
                    throw new ToolstackGone();
                if (pool.Db.Find<SessionRow>(wait.Session.Ref) is null)
                    throw new XenError("SESSION_INVALID", wait.Session.Ref);
                if (wait.Poll(pool, timeout.IsCompleted) is { } answer)
                    return answer;
                changed = pool.Db.Changed;
            }

            await Task.WhenAny(changed, timeout);
            clientGone.ThrowIfCancellationRequested();
        }
    }
}
