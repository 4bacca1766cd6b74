using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.App.Readiness;

/// <summary>
/// Asks each store whether it is there, on a thread of its own: a call into a mount whose server is gone returns when that is back, and not before. Whoever asks has an answer within a bound, that names the store; and however
/// often it is asked, no second call of ours goes into that mount before the first has come back.
/// </summary>
internal sealed class StoreProbes(TimeProvider time)
{
    /// <summary>A store that is there answers within moments; a load balancer gives up soon after.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (Task<ReadinessFinding> Answer, long Since)> _asked = new(StringComparer.Ordinal);

    /// <param name="store">The destination's name.</param>
    public async Task<ReadinessFinding> AskAsync(string store, Func<Task<ReadinessFinding>> probe, CancellationToken cancellation)
    {
        var (answer, since) = Ask(store, probe);
        try
        {
            return await answer.WaitAsync(Patience, time, cancellation);
        }
        catch (TimeoutException)
        {
            // It may have come in the moment between.
            if (answer.IsCompleted) return await answer;
            return new ReadinessFinding($"secondary {store}", Ready: false, "no answer",
                $"Destination '{store}' has not answered for {time.GetElapsedTime(since).TotalSeconds:0} s: calls into it hang. Bring its server back, or see docs/runbook.md, A store.");
        }
    }

    private (Task<ReadinessFinding> Answer, long Since) Ask(string store, Func<Task<ReadinessFinding>> probe)
    {
        lock (_lock)
        {
            // One that came back late tells of then: it is asked anew.
            if (!_asked.TryGetValue(store, out var asked) || asked.Answer.IsCompleted)
            {
                asked = (Task.Factory.StartNew(probe, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default).Unwrap(), time.GetTimestamp());
                _asked[store] = asked;
            }

            return asked;
        }
    }
}
