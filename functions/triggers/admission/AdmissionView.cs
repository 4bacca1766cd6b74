using Microsoft.AspNetCore.Http;

namespace SnapshotWorkflows.Functions.Triggers;

/// <summary>The queue as the API shows it: who works on what since when, and who waits at which place and why.</summary>
/// <param name="Paused">Null while nobody has stopped everything.</param>
/// <param name="Running">The longest first.</param>
/// <param name="Waiting">The next one first.</param>
internal sealed record AdmissionView(AdmissionLimits Limits, AdmissionPause? Paused, IReadOnlyList<MaintenanceWindow> Windows, IReadOnlyList<AdmittedJob> Running, IReadOnlyList<WaitingJob> Waiting)
{
    public static AdmissionView Of(AdmissionState state, DateTimeOffset now) => new(
        state.Limits,
        state.Paused,
        [.. state.Windows.Where(window => window.Until > now).OrderBy(window => window.From)],
        [.. state.Granted.GroupBy(grant => grant.Request.Instance, StringComparer.Ordinal)
            .Select(job => new AdmittedJob(job.Key, job.First().Request.Account, [.. job.SelectMany(grant => grant.Request.Slots).Distinct()], job.Min(grant => grant.At)))
            .OrderBy(job => job.Since)],
        [.. AdmissionQueue.InOrder(state, now).Select(one => Waiter(one.Wish, one.Answer))]);

    /// <summary>What the caller may see: the array's ids are for operators only.</summary>
    public AdmissionView For(HttpRequest request) => request.IsOperator() ? this : this with
    {
        Running = [.. Running.Select(job => job with { Slots = [.. job.Slots.Select(Shown).Distinct()] })],
        Waiting = [.. Waiting.Select(job => job with { Slots = [.. job.Slots.Select(Shown).Distinct()], Reason = job.Slots.Aggregate(job.Reason, (reason, slot) => reason.Replace(slot, Shown(slot), StringComparison.Ordinal)) })],
    };

    /// <summary>Of an array's slot its kind alone. A volume's bears CloudStack's id, or one drawn from the array's that leads back to nothing.</summary>
    private static string Shown(string slot) => AdmissionSlots.KindOf(slot) == AdmissionSlots.ArrayKind ? AdmissionSlots.ArrayKind : slot;

    private static WaitingJob Waiter(AdmissionWish wish, AdmissionAnswer answer) =>
        new(answer.Place, wish.Request.Instance, wish.Request.Account, wish.Request.Slots, wish.Request.Priority, wish.At, answer.Reason ?? "", answer.Until);
}

/// <param name="Instance">The workflow's instance: of a snapshot, restore or group its id without dashes.</param>
/// <param name="Account">As <c>domain uuid/name</c>; empty where unknown.</param>
internal sealed record AdmittedJob(string Instance, string Account, IReadOnlyList<string> Slots, DateTimeOffset Since);

/// <param name="Place">1 is next.</param>
/// <param name="Reason">What it waits for.</param>
/// <param name="Until">When the wait ends at the earliest, where that is known.</param>
internal sealed record WaitingJob(int Place, string Instance, string Account, IReadOnlyList<string> Slots, int Priority, DateTimeOffset Since, string Reason, DateTimeOffset? Until);
