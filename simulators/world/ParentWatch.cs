namespace SnapshotWorkflows.Simulators.World;

/// <summary>Notices that another process is gone, from /proc; a later process with the same number is not taken for it.</summary>
internal static class ParentWatch
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    /// <summary>Returns once the process is gone, or when it is no longer to be watched.</summary>
    public static async Task WaitForEndAsync(int process, TimeProvider clock, CancellationToken stop)
    {
        var started = StartTime(process);
        using var timer = new PeriodicTimer(s_interval, clock);
        try
        {
            while (started is not null && StartTime(process) == started) await timer.WaitForNextTickAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Whoever watched has ended.
        }
    }

    /// <summary>When the process started, in the kernel's ticks; null when there is none, or only what is left of one.</summary>
    private static string? StartTime(int process)
    {
        try
        {
            // The second field is the program's name in parentheses and may hold anything; after it come the state (field 3) and so on.
            var status = File.ReadAllText($"/proc/{process}/stat");
            var fields = status[(status.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : fields[19];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
