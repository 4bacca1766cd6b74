using SnapshotWorkflows.Durable.Engine.Activities;
using SnapshotWorkflows.Durable.Engine.Entities;
using SnapshotWorkflows.Durable.Engine.Hub;

namespace SnapshotWorkflows.Durable.Engine.Dispatch;

/// <content>Poison work: a turn, an operation or a call that takes its process with it must not do so for ever, nor take what runs beside it along.</content>
internal sealed partial class Dispatcher
{
    private readonly Suspects _suspects = new();
    private bool _tried;

    /// <summary>A suspect's turn comes between two transactions, when nothing else of this thread is under way; after it the others have one.</summary>
    private bool MayTry
    {
        get
        {
            var may = !_tried && SuspectsWait;
            _tried = false;
            return may;
        }
    }

    private bool SuspectsWait => !Draining && _suspects.AreDue(time.GetUtcNow());

    private async Task TryNextAsync(CancellationToken cancellation)
    {
        _tried = true;
        var now = time.GetUtcNow();
        if (_suspects.TryTake(out string instanceId))
        {
            if (await MarkAsync(new BeginTrial(instanceId), instanceId, cancellation) is not { } marked)
                return;
            var deaths = marked.Count - 1;
            var reason = deaths >= options.MaxDeaths ? $"The process died {deaths} times in the middle of it; it is not tried again." : null;
            if (reason is not null)
                logger.PoisonInstance(instanceId, deaths);
            var tried = EntityIds.IsEntity(instanceId)
                ? await TryEntityAsync(instanceId, reason, now, cancellation)
                : await TryInstanceAsync(instanceId, reason, now, cancellation);
            if (!tried && marked.Count > 0)
                await MarkAsync(new Acquit(instanceId), instanceId, cancellation);
        }
        else if (_suspects.TryTake(out PendingClaim claim))
        {
            _suspects.Begin(claim.Key, now);
            await CommitAsync([new Unit(claim.Write, Claim: claim)], cancellation);
            if (!_running.ContainsKey(claim.Key))
                _suspects.End(claim.Key);
        }
    }

    private async Task<bool> TryInstanceAsync(string instanceId, string? reason, DateTimeOffset now, CancellationToken cancellation)
    {
        if (reason is not null)
            hot.Break(instanceId, $"A turn does not end: {reason}");
        if (await TurnAsync(instanceId, now, cancellation) is not { } turn)
            return _busy.Contains(instanceId);
        await CommitAsync([turn], cancellation);
        return true;
    }

    private async Task<bool> TryEntityAsync(string instanceId, string? reason, DateTimeOffset now, CancellationToken cancellation)
    {
        if (await EntityTurnAsync(instanceId, now, cancellation) is not { } batch)
            return false;
        batch.IsTrial = true;
        batch.Poison ??= reason;
        _suspects.Begin(instanceId, now);
        return true;
    }

    /// <returns>Null when the hub could not be written: the suspect is tried later.</returns>
    private async Task<WriteResult?> MarkAsync(HubWrite mark, string instanceId, CancellationToken cancellation)
    {
        try
        {
            return (await committer.CommitAsync([mark], cancellation))[0];
        }
        catch (Exception exception) when (!PropagateFailures && exception is not OperationCanceledException)
        {
            logger.WriteFailed(exception, mark.GetType().Name, options.HubRetryDelay);
            _suspects.Add(instanceId);
            _wakes.Enqueue(instanceId, (time.GetUtcNow() + options.HubRetryDelay, _order++));
            return null;
        }
    }

    /// <summary>Takes a call that has not ended, when its activity's limit has a place for it.</summary>
    private void Claim(PendingClaim claim)
    {
        if (_claiming.Add(claim.Key) && !_gates.Hold(claim))
            Admitted(claim);
    }

    /// <summary>Alone if too many attempts at it have ended with their process.</summary>
    private void Admitted(PendingClaim claim)
    {
        if (Suspects.IsSuspect(claim.Attempts))
            _suspects.Add(claim);
        else
            _claims.Enqueue(claim);
    }
}
