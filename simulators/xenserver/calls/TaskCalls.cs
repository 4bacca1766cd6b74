namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Tasks: those of asynchronous calls, and those that a client makes for an HTTP handler.</summary>
internal static class TaskCalls
{
    public static void Register(MethodTable methods)
    {
        methods.Sync("task.create", 2, c => c.Pool.NewTask(c.Text(0), c.Text(1)).Ref);
        methods.Long("task.cancel", 1, Cancel);
        methods.Sync("task.destroy", 1, Destroy);
        methods.Sync("task.set_status", 2, SetStatus);
        methods.Sync("task.set_progress", 2, c =>
        {
            c.Pool.Progress(c.Row<TaskRow>(0, "task"), c.Number(1));
            return null;
        });
    }

    private static object? Cancel(Call call)
    {
        var task = call.Row<TaskRow>(0, "task");
        if (!task.Pending)
            return null;
        task.CancelAsked = true;
        task.CurrentOperations[call.Task.Ref] = "cancel";
        call.Db.Touch(task);
        return null;
    }

    /// <summary>A client ends its own task (7.2 and later).</summary>
    private static object? SetStatus(Call call)
    {
        var task = call.Row<TaskRow>(0, "task");
        switch (call.Text(1))
        {
            case "success":
                call.Pool.Succeed(task, "");
                break;
            case "cancelled":
                call.Pool.Fail(task, new XenError("TASK_CANCELLED", task.Ref));
                break;
            default:
                call.Pool.Fail(task, new XenError("INTERNAL_ERROR", "set by the client"));
                break;
        }

        return null;
    }

    private static object? Destroy(Call call)
    {
        var task = call.Row<TaskRow>(0, "task");
        if (task.Pending)
            task.DestroyAtEnd = true;
        else
            call.Db.Remove(task);
        return null;
    }
}
