using System.Text;
using SnapshotWorkflows.Durable.Engine;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Host.Timers;

/// <summary>States of timers in the task hub: nodes that share the hub share their timers.</summary>
internal sealed class HubTimerStore(DurableEngine engine) : ITimerStore
{
    public async Task<KeptTimer?> ReadAsync(string function, CancellationToken cancellation) =>
        Kept((await engine.WriteAsync(StoreDocument.Read(NameOf(function)), cancellation).WaitAsync(cancellation)).Document);

    public async Task<KeptTimer?> StoreAsync(string function, long revision, TimerState state, CancellationToken cancellation)
    {
        var result = await engine.WriteAsync(new StoreDocument(NameOf(function), revision, Encoding.UTF8.GetString(state.ToJson())), cancellation).WaitAsync(cancellation);
        return result.Outcome == WriteOutcome.Done ? Kept(result.Document) : null;
    }

    private static string NameOf(string function) => $"timer/{function.ToLowerInvariant()}";

    private static KeptTimer? Kept(HubDocument? document) =>
        document is null ? null : new KeptTimer(document.Revision, TimerState.Parse(Encoding.UTF8.GetBytes(document.Content)));
}
