namespace SnapshotWorkflows.Contracts;

/// <summary>
/// Who goes next: the higher priority, then the account that holds the least, then who came first. A wish that cannot be granted is passed over, so that a busy volume
/// keeps nobody else waiting; since accounts that hold less go first, none can crowd another out.
/// </summary>
public static class AdmissionQueue
{
    /// <summary>Takes a wish in, where it is not there already, and grants what can be granted.</summary>
    public static (AdmissionState State, IReadOnlyList<AdmissionRequest> Granted) Ask(AdmissionState state, AdmissionRequest request, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Granted.Any(grant => Same(grant.Request, request)) || state.Waiting.Any(wish => Same(wish.Request, request))) return Grant(state, now);
        var number = state.LastNumber + 1;
        return Grant(state with { LastNumber = number, Waiting = [.. state.Waiting, new AdmissionWish(request, number, now)] }, now);
    }

    /// <summary>Gives back all that a workflow holds and wishes.</summary>
    public static (AdmissionState State, IReadOnlyList<AdmissionRequest> Granted) Release(AdmissionState state, string instance, DateTimeOffset now) => Grant(
        (state ?? throw new ArgumentNullException(nameof(state))) with
        {
            Granted = [.. state.Granted.Where(grant => grant.Request.Instance != instance)],
            Waiting = [.. state.Waiting.Where(wish => wish.Request.Instance != instance)],
        },
        now);

    /// <summary>Gives back all slots of a workflow but those of some kinds. It is unwinding, so it reads no copy any more.</summary>
    public static (AdmissionState State, IReadOnlyList<AdmissionRequest> Granted) Reduce(AdmissionState state, AdmissionReduction reduction, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(reduction);
        var granted = state.Granted
            .Select(grant => grant.Request.Instance != reduction.Instance ? grant : grant with { Request = grant.Request with { Reads = null, Slots = [.. grant.Request.Slots.Where(slot => reduction.Kinds.Contains(AdmissionSlots.KindOf(slot)))] } })
            .Where(grant => grant.Request.Slots.Count > 0 || grant.Request.Instance != reduction.Instance);
        return Grant(state with { Granted = [.. granted], Waiting = [.. state.Waiting.Where(wish => wish.Request.Instance != reduction.Instance)] }, now);
    }

    /// <summary>Grants whatever can be granted now.</summary>
    public static (AdmissionState State, IReadOnlyList<AdmissionRequest> Granted) Grant(AdmissionState state, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        state = state with { Windows = [.. state.Windows.Where(window => window.Until > now)] };
        var granted = new List<AdmissionRequest>();
        while (Blocked(state, now) is null && InOrder(state).FirstOrDefault(wish => Busy(state, wish.Request) is null) is { } next)
        {
            granted.Add(next.Request);
            state = state with { Waiting = [.. state.Waiting.Where(wish => wish.Number != next.Number)], Granted = [.. state.Granted, new AdmissionGrant(next.Request, now)] };
        }

        return (state, granted);
    }

    /// <summary>How a wish stands.</summary>
    public static AdmissionAnswer Answer(AdmissionState state, AdmissionRequest request, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(request);
        if (state.Granted.Any(grant => Same(grant.Request, request))) return new AdmissionAnswer(Granted: true, 0, null, null);
        var place = InOrder(state).TakeWhile(wish => !Same(wish.Request, request)).Count() + 1;
        if (Blocked(state, now) is { } blocked) return new AdmissionAnswer(Granted: false, place, blocked.Reason, blocked.Until);
        var busy = Busy(state, request);
        var reason = busy is null ? "It is about to be granted." : $"{busy} is taken by {Holders(state, busy)}; {place - 1} before it in the queue.";
        return new AdmissionAnswer(Granted: false, place, reason, null);
    }

    /// <summary>Whether anything may begin at all: what has no need of slots asks this.</summary>
    public static AdmissionAnswer HeldUp(AdmissionState state, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        return Blocked(state, now) is { } blocked ? new AdmissionAnswer(Granted: false, 0, blocked.Reason, blocked.Until) : new AdmissionAnswer(Granted: true, 0, null, null);
    }

    /// <summary>Who waits, the next one first.</summary>
    public static IEnumerable<AdmissionWish> InOrder(AdmissionState state) => state.Waiting
        .OrderByDescending(wish => wish.Request.Priority)
        .ThenBy(wish => state.Granted.Where(grant => grant.Request.Account == wish.Request.Account).Select(grant => grant.Request.Instance).Distinct().Count())
        .ThenBy(wish => wish.Number);

    private static (string Reason, DateTimeOffset? Until)? Blocked(AdmissionState state, DateTimeOffset now)
    {
        if (state.Paused is { } pause) return ($"Everything is paused by {pause.By}{(pause.Reason is null ? "" : $": {pause.Reason}")}.", null);
        var window = state.Windows.FirstOrDefault(window => window.From <= now && now < window.Until);
        return window is null ? null : ($"Maintenance until {window.Until:O}{(window.Reason is null ? "" : $": {window.Reason}")}.", window.Until);
    }

    /// <summary>The first slot of a wish that is full; null when all are free.</summary>
    private static string? Busy(AdmissionState state, AdmissionRequest request) =>
        request.Slots.FirstOrDefault(slot => Held(state, slot).Count(instance => instance != request.Instance) >= state.Limits.Of(slot));

    private static IEnumerable<string> Held(AdmissionState state, string slot) =>
        state.Granted.Where(grant => grant.Request.Slots.Contains(slot)).Select(grant => grant.Request.Instance).Distinct();

    private static string Holders(AdmissionState state, string slot) => string.Join(", ", Held(state, slot).Take(3));

    private static bool Same(AdmissionRequest one, AdmissionRequest other) => one.Instance == other.Instance && one.Stage == other.Stage;
}
