namespace SnapshotWorkflows.Simulators.XenServer;

/// <summary>Tasks: those of asynchronous calls, and those that a client makes for an HTTP handler.</summary>
internal static class TaskCalls
{
    public static void Register(MethodTable methods)
    {
        methods.Sync("task.create", 2, c => c.Pool.NewTask(c.Text(0), c.Text(1)).Ref);
        methods.Long("task.cancel", 1, Cancel);
        methods.Sync("task.destroy", 1, Destroy);
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
