namespace SnapshotWorkflows.Functions.Orchestrators;

/// <summary>A person's word on what would go. Without one, or with a wish to cancel, nothing does.</summary>
internal sealed class Approval(TaskOrchestrationContext context, PlainBoard board, StepRunner runner, Cancellation cancellation)
{
    private const string UnnamedEvent = "Approve";
    private const int IdDigits = 12;

    private static readonly TimeSpan s_time = TimeSpan.FromDays(7);

    /// <summary>Asks in the status and in the audit trail. The answer names the question: one that was meant for an earlier run answers nothing here.</summary>
    public async Task<bool> AskAsync(string who, string policy, Judgement judged)
    {
        var now = Times.Utc(context.CurrentUtcDateTime);
        // A clock that is believed again needs no answer: the policy's next run judges anew.
        var until = judged.DoubtUntil is { } over && over > now && over < now + s_time ? over : now + s_time;
        var question = new ExpiryQuestion(context.NewGuid().ToString("N")[..IdDigits], judged.Going.Count, judged.Eligible, judged.Doubt, now, until);
        board.Note($"{question.Going} of {question.Eligible} copies would go. {question.Doubt}{(question.Doubt is null ? "" : " ")}Nothing goes before POST /api/policies/{policy}/expiry with \"question\":\"{question.Id}\" and \"approve\":true.");
        board.Ask(question);
        await runner.FinishAsync(
            Steps.RecordAudit,
            new AuditEntry(who, "policy.expire", policy, "asks", $"{question.Going} of {question.Eligible} copies would go{(question.Doubt is null ? "" : $"; {question.Doubt}")} Question {question.Id}, open until {question.Until:O}."), board.Stuck);

        using var timer = new CancellationTokenSource();
        using var waiter = new CancellationTokenSource();
        var elapsed = context.CreateTimer(until - now, timer.Token);
        var word = context.WaitForExternalEvent<bool>(question.Event, waiter.Token);
        var first = await Task.WhenAny(word, elapsed, cancellation.Wish);

        // In place, not CancelAsync: that would finish on another thread, where nothing durable may be awaited.
        if (first != word) waiter.Cancel();
        if (first != elapsed) timer.Cancel();
        board.Ask(null);
        board.Note(null);
        return first == word && await word;
    }

    /// <summary>As runs ask that began before questions had names.</summary>
    public async Task<bool> AskUnnamedAsync(Judgement judged)
    {
        board.Note($"{judged.Going.Count} of {judged.Eligible} copies would go. {judged.Doubt}{(judged.Doubt is null ? "" : " ")}Raise the event {UnnamedEvent} with true to let them go, with false to keep them; nothing goes without it.");
        try
        {
            return await context.WaitForExternalEvent<bool>(UnnamedEvent, s_time);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        finally
        {
            board.Note(null);
        }
    }
}
