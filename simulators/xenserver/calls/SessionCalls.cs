namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Logging in and out. A login's own session does not exist yet, so its four arguments are all there is.</summary>
internal static class SessionCalls
{
    public const string Login = "session.login_with_password";
    private const int SessionsPerOriginator = 500;

    public static object? LogIn(Pool pool, IReadOnlyList<object?> arguments)
    {
        if (arguments.Count is < 2 or > 4)
            throw new XenError("MESSAGE_PARAMETER_COUNT_MISMATCH", Login, "2", arguments.Count.ToString());
        var user = arguments[0] as string ?? "";
        if (user != "root" || arguments[1] as string != pool.Options.RootPassword)
            throw new XenError("SESSION_AUTHENTICATION_FAILED", user, "Authentication failure");
        return Open(pool, user, arguments.Count > 3 ? arguments[3] as string ?? "" : "").Ref;
    }

    public static SessionRow Open(Pool pool, string user, string originator)
    {
        var same = pool.Db.All<SessionRow>().Where(s => s.Originator == originator).OrderBy(s => s.LastActive).ToList();
        foreach (var oldest in same.Take(same.Count - SessionsPerOriginator + 1))
            pool.Db.Remove(oldest);
        return pool.Db.Add(new SessionRow(pool.Ids.New()) { User = user, Originator = originator, LastActive = pool.Now });
    }

    public static SessionRow Check(Pool pool, string? reference)
    {
        var session = pool.Db.Find<SessionRow>(reference ?? "") ?? throw new XenError("SESSION_INVALID", reference ?? "");
        session.LastActive = pool.Now;
        return session;
    }

    public static void Register(MethodTable methods) => methods.Sync("session.logout", 0, call =>
    {
        call.Db.Remove(call.Session!);
        return null;
    });
}
