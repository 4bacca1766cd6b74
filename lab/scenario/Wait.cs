using SnapshotWorkflows.Lab.Processes;

namespace SnapshotWorkflows.Lab.Scenario;

/// <summary>Waiting for another process: look, pause shortly, look again; a process that ended or takes too long is an error.</summary>
internal static class Wait
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static Task UntilAsync(string otherwise, Func<Task<bool>> condition, ChildProcess? process, CancellationToken cancellation) => UntilAsync(Patience, otherwise, condition, process, cancellation);

    /// <summary>For what takes longer by its nature.</summary>
    public static async Task UntilAsync(TimeSpan patience, string otherwise, Func<Task<bool>> condition, ChildProcess? process, CancellationToken cancellation)
    {
        for (var waited = TimeSpan.Zero; !await condition(); waited += Pause)
        {
            process?.ThrowIfExited();
            if (waited > patience) throw new LabException($"{otherwise} after {patience.TotalSeconds:0} s.", process is null ? [] : [process.Log]);
            await Task.Delay(Pause, cancellation);
        }
    }
}
