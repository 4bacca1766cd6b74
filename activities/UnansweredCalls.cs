using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities;

/// <summary>
/// A call that was sent and not answered may still take effect: one look that finds nothing does not prove that nothing comes. Whoever takes away what it may make waits until it cannot come any more. What comes
/// even later is a sweep's.
/// </summary>
internal static class UnansweredCalls
{
    /// <summary>From the intent on: the longest of the array's calls (30 s unless set otherwise), and as much again and more for a call that a fail-over holds up.</summary>
    public static readonly TimeSpan OnArray = TimeSpan.FromMinutes(2);

    /// <summary>An ordinary call to a pool (60 s), and as much again and more.</summary>
    public static readonly TimeSpan InPool = TimeSpan.FromMinutes(3);

    /// <summary>A pool's call that works on storage (10 min).</summary>
    public static readonly TimeSpan OnPoolStorage = TimeSpan.FromMinutes(12);

    /// <summary>A call to CloudStack (60 s), and as much again and more.</summary>
    public static readonly TimeSpan InCloud = TimeSpan.FromMinutes(3);

    /// <summary>A put of a small object.</summary>
    public static readonly TimeSpan OnStore = TimeSpan.FromMinutes(2);

    /// <summary>Commits the intent, then makes the call. Where it is the first and is refused for certain, nothing was made, and the intent is gone with it: its undo need not wait.</summary>
    public static async Task<T> MakeAsync<T>(this IntentLedger intents, RequestKey key, string role, string system, string scope, string marker, Func<Task<T>> call)
    {
        var first = intents.Intend(key, role, system, scope, marker);
        try
        {
            return await call();
        }
        catch (Exception refused) when (first && refused is SolidFireException { Kind: not SolidFireErrorKind.OutcomeUnknown } or XenApiException { Kind: not XenApiErrorKind.Reconcile } or CloudStackException { Kind: not CloudStackErrorKind.OutcomeUnknown })
        {
            intents.Gone(key, role);
            throw;
        }
    }

    /// <inheritdoc cref="MakeAsync{T}"/>
    public static Task MakeAsync(this IntentLedger intents, RequestKey key, string role, string system, string scope, string marker, Func<Task> call) => intents.MakeAsync(key, role, system, scope, marker, async () =>
    {
        await call();
        return true;
    });

    /// <summary>Asked when nothing was found: may the last call for it still make something?</summary>
    /// <exception cref="StepFaultException"><c>undo.unanswered</c>, Busy: it was not answered, and was sent too short a while ago. Either way of the clock: one that was set must not make the wait an endless one.</exception>
    public static void RequireSettled(this IntentLedger intents, RequestKey key, string role, TimeSpan within, TimeProvider time)
    {
        if (intents.Find(key, role) is not { State: IntentStates.Intended, ObjectId: null } open) return;
        var left = within - (time.GetUtcNow() - open.IntendedAt).Duration();
        if (left <= TimeSpan.Zero) return;
        throw new StepFaultException(new StepFault(
            "undo.unanswered", FaultKind.Busy, $"A call to {open.System} for '{open.Marker}' was sent at {open.IntendedAt:O} and not answered; it may still take effect.", "Nothing: it is waited for until it cannot come any more.", left));
    }
}
