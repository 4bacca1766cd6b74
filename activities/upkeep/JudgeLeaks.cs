using Microsoft.Extensions.Options;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities.UpkeepSteps;

/// <summary>Holds what was found against the ledger of intents, and asks the hub for the instances last: one that began after the listing is not meant. Removes nothing.</summary>
[DurableTask(StepNames.JudgeLeaks)]
public sealed class JudgeLeaks(IntentLedger intents, Marker marker, IXenServerPools pools, DurableTaskClient client, IOptions<UpkeepOptions> options, IActivityExecution execution) : StepActivity<JudgeLeaksInput, JudgedLeaks>(execution)
{
    protected override async Task<JudgedLeaks> ExecuteAsync(JudgeLeaksInput input, CancellationToken cancellation)
    {
        var judge = new LeakJudge(marker.Installation, options.Value.LeakAge, input.Now);
        var lives = new Dictionary<RequestKey, InstanceLife>();
        var judged = new List<JudgedThing>();
        foreach (var thing in input.Things)
        {
            var intent = thing.Key is { } key ? Intended(key, thing) : null;
            var life = thing.Key is { } asked ? await LifeAsync(lives, asked, cancellation) : InstanceLife.Unknown;
            var (verdict, reason) = judge.Judge(thing, intent, life);
            judged.Add(new JudgedThing(thing, verdict, reason));
        }

        judged = new PluggedLuns(marker.Installation, intents, pools.Names, input.UnlistedPools ?? []).Leave(judged);
        var leaks = judged.Where(one => one.Verdict == LeakVerdicts.Leak).GroupBy(one => one.Thing.Key!.Value);
        return new JudgedLeaks(judged, [.. leaks.Select(request => LeakRemovals.Of(request.Key, [.. request.Select(one => one.Thing)], intents.Open(request.Key)))]);
    }

    /// <summary>Data on a store was intended as a folder or as a stream.</summary>
    private Intent? Intended(RequestKey key, MarkedThing thing) =>
        intents.Find(key, thing.Role) ?? (thing.Role == Roles.Folder ? intents.Find(key, Roles.Stream) : null) ?? intents.Last(key, thing.Role);

    private async Task<InstanceLife> LifeAsync(Dictionary<RequestKey, InstanceLife> lives, RequestKey key, CancellationToken cancellation)
    {
        if (lives.TryGetValue(key, out var known)) return known;
        var instance = await client.GetInstanceAsync(key.Value, cancellation);
        return lives[key] = instance is null ? InstanceLife.Unknown : instance.IsCompleted ? InstanceLife.Ended : InstanceLife.Live;
    }
}
