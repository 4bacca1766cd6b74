namespace SnapshotWorkflows.Simulators.XenServer;

internal sealed class SessionRow(string uuid) : Row("session", uuid)
{
    public string User { get; init; } = "";

    public string Originator { get; init; } = "";

    public string Role { get; init; } = Roles.PoolAdmin;

    public DateTimeOffset LastActive { get; set; }

    /// <summary>A session of one host only, for when its coordinator is gone.</summary>
    public bool IsLocal { get; init; }

    /// <summary>Classes whose events event.next tells.</summary>
    public HashSet<string> Subscriptions { get; } = new(StringComparer.Ordinal);

    public long SeenGeneration { get; set; }

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        r["this_host"] = db.All<PoolRow>()[0].Master;
        r["this_user"] = NullRef;
        r["last_active"] = LastActive;
        r["pool"] = true;
        r["is_local_superuser"] = User == "root";
        r["auth_user_name"] = User;
        r["originator"] = Originator;
        r["client_certificate"] = false;
        Configured(r);
    }
}

internal sealed class TaskRow(string uuid) : Row("task", uuid)
{
    public DateTimeOffset Created { get; init; }

    public DateTimeOffset? Finished { get; set; }

    public string Status { get; set; } = "pending";

    public double Progress { get; set; }

    public string Result { get; set; } = "";

    public string[] ErrorInfo { get; set; } = [];

    public string ResidentOn { get; init; } = NullRef;

    public bool CancelAsked { get; set; }

    /// <summary>task.destroy came while it was pending: it goes when it ends.</summary>
    public bool DestroyAtEnd { get; set; }

    public DateTimeOffset LastProgress { get; set; }

    public bool Pending => Status == "pending";

    protected override void Describe(Dictionary<string, object?> r, Database db)
    {
        Named(r);
        r["allowed_operations"] = Pending ? Set(["cancel", "destroy"]) : Set(["destroy"]);
        r["current_operations"] = Map(CurrentOperations);
        r["created"] = Created;
        r["finished"] = Finished ?? Never;
        r["status"] = Status;
        r["resident_on"] = ResidentOn;
        r["progress"] = Progress;
        r["type"] = "<none/>";
        r["result"] = Result;
        r["error_info"] = Set(ErrorInfo);
        r["subtask_of"] = NullRef;
        r["subtasks"] = new List<object?>();
        r["backtrace"] = "()";
    }
}
