namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Logging in and out. A login's own session does not exist yet, so its four arguments are all there is.</summary>
internal static class SessionCalls
{
    public const string Login = "session.login_with_password";
    public const string LocalLogin = "session.slave_local_login_with_password";
    private const int SessionsPerOriginator = 500;

    public static object? LogIn(Pool pool, IReadOnlyList<object?> arguments)
    {
        if (arguments.Count is < 2 or > 4)
            throw new XenError("MESSAGE_PARAMETER_COUNT_MISMATCH", Login, "2", arguments.Count.ToString());
        var user = arguments[0] as string ?? "";
        return Open(pool, user, Role(pool, user, arguments[1] as string), arguments.Count > 3 ? arguments[3] as string ?? "" : "").Ref;
    }

    /// <summary>A session that any host gives, whether it is the coordinator or not; it is good for leaving again.</summary>
    public static object? LogInLocally(Pool pool, IReadOnlyList<object?> arguments)
    {
        if (arguments.Count != 2)
            throw new XenError("MESSAGE_PARAMETER_COUNT_MISMATCH", LocalLogin, "2", arguments.Count.ToString());
        var user = arguments[0] as string ?? "";
        return pool.Db.Add(new SessionRow(pool.Ids.New()) { User = user, Role = Role(pool, user, arguments[1] as string), LastActive = pool.Now, IsLocal = true }).Ref;
    }

    /// <summary>The role of this user, if the password is right.</summary>
    public static string Role(Pool pool, string user, string? password)
    {
        if (user == "root" && password == pool.Options.RootPassword)
            return Roles.PoolAdmin;
        return pool.Options.Users.FirstOrDefault(u => u.Name == user && u.Password == password)?.Role
            ?? throw new XenError("SESSION_AUTHENTICATION_FAILED", user, "Authentication failure");
    }

    public static SessionRow Open(Pool pool, string user, string role, string originator)
    {
        var same = pool.Db.All<SessionRow>().Where(s => s.Originator == originator).OrderBy(s => s.LastActive).ToList();
        foreach (var oldest in same.Take(same.Count - SessionsPerOriginator + 1))
            pool.Db.Remove(oldest);
        return pool.Db.Add(new SessionRow(pool.Ids.New()) { User = user, Role = role, Originator = originator, LastActive = pool.Now });
    }

    public static SessionRow Check(Pool pool, string? reference)
    {
        var session = pool.Db.Find<SessionRow>(reference ?? "") ?? throw new XenError("SESSION_INVALID", reference ?? "");
        session.LastActive = pool.Now;
        return session;
    }

    public static void Register(MethodTable methods)
    {
        methods.Sync("session.logout", 0, LogOut);
        methods.Sync("session.local_logout", 0, LogOut);
        methods.Sync("session.get_all_subject_identifiers", 0, _ => new List<object?>());
    }

    private static object? LogOut(Call call)
    {
        call.Db.Remove(call.Session!);
        return null;
    }
}
