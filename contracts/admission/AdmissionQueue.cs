namespace SnapshotWorkflows.Contracts;

/// <summary>
/// Who goes next: the higher priority, then the account that has the least at work (jobs that hold a place on an array, host or store), then again the higher priority, then who came first. A wish that cannot be
/// granted is passed over, so that a busy volume keeps nobody else waiting; since accounts with less at work go first, none can crowd another out.
/// <para>
/// Two things keep a stream of urgent work from starving the rest. The wishes of an account that waits with nothing at work go with the next higher priority after each
/// <see cref="AdmissionLimits.RaiseAfter"/>. And once in each such time the wish that has waited the longest, as long at least, has its turn: it goes before all others, and one place of each of its slots is kept for
/// it, for one that needs several at once might never find them free together.
/// </para>
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

    /// <summary>Gives back all slots of a workflow but those of some kinds. It is unwinding, so it reads no copy any more, unless it says so.</summary>
    public static (AdmissionState State, IReadOnlyList<AdmissionRequest> Granted) Reduce(AdmissionState state, AdmissionReduction reduction, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(reduction);
        var granted = state.Granted
            .Select(grant => grant.Request.Instance != reduction.Instance ? grant : grant with
            {
                Stuck = true,
                Request = grant.Request with { Reads = reduction.Reads ? grant.Request.Reads : null, Slots = [.. grant.Request.Slots.Where(slot => reduction.Kinds.Contains(AdmissionSlots.KindOf(slot)))] },
            })
            .Where(grant => grant.Request.Slots.Count > 0 || grant.Request.Instance != reduction.Instance);
        return Grant(state with { Granted = [.. granted], Waiting = [.. state.Waiting.Where(wish => wish.Request.Instance != reduction.Instance)] }, now);
    }

    /// <summary>Grants whatever can be granted now.</summary>
    public static (AdmissionState State, IReadOnlyList<AdmissionRequest> Granted) Grant(AdmissionState state, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        state = state with { Windows = [.. state.Windows.Where(window => window.Until > now)] };
        var granted = new List<AdmissionRequest>();
        if (Blocked(state, now) is not null) return (state, granted);
        var holdings = new AdmissionHoldings(state, now);
        while (Next(state.Waiting, holdings) is { } next)
        {
            granted.Add(next.Request);
            state = state with
            {
                Waiting = [.. state.Waiting.Where(wish => wish.Number != next.Number)],
                Granted = [.. state.Granted, new AdmissionGrant(next.Request, now)],
                LastTurn = next.Number == holdings.Turn?.Number ? now : state.LastTurn,
            };
            holdings.Add(next);
        }

        return (state, granted);
    }

    /// <summary>How a wish stands.</summary>
    public static AdmissionAnswer Answer(AdmissionState state, AdmissionRequest request, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(request);
        if (state.Granted.Any(grant => Same(grant.Request, request))) return new AdmissionAnswer(Granted: true, 0, null, null);
        var holdings = new AdmissionHoldings(state, now);
        var own = state.Waiting.FirstOrDefault(wish => Same(wish.Request, request)) ?? new AdmissionWish(request, state.LastNumber + 1, now);
        return Answer(state, holdings, own, state.Waiting.Count(wish => holdings.IsBefore(wish, own)) + 1, now);
    }

    /// <summary>Whether anything may begin at all: what has no need of slots asks this.</summary>
    public static AdmissionAnswer HeldUp(AdmissionState state, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        return Blocked(state, now) is { } blocked ? new AdmissionAnswer(Granted: false, 0, blocked.Reason, blocked.Until) : new AdmissionAnswer(Granted: true, 0, null, null);
    }

    /// <summary>Who waits and how it stands with each, the next one first.</summary>
    public static IReadOnlyList<(AdmissionWish Wish, AdmissionAnswer Answer)> InOrder(AdmissionState state, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        var holdings = new AdmissionHoldings(state, now);
        var waiting = state.Waiting.ToList();
        waiting.Sort(holdings.Compare);
        return [.. waiting.Select((wish, i) => (wish, Answer(state, holdings, wish, i + 1, now)))];
    }

    private static AdmissionAnswer Answer(AdmissionState state, AdmissionHoldings holdings, AdmissionWish wish, int place, DateTimeOffset now)
    {
        if (Blocked(state, now) is { } blocked) return new AdmissionAnswer(Granted: false, place, blocked.Reason, blocked.Until);
        if (holdings.Busy(wish.Request) is not { } busy) return new AdmissionAnswer(Granted: false, place, "It is about to be granted.", null);
        var rank = holdings.RankOf(wish);
        var raised = wish.Number == holdings.Turn?.Number ? " It has waited the longest: what it needs is kept free for it."
            : rank > wish.Request.Priority ? $" It goes with priority {rank}, for its account has waited since {holdings.Since(wish.Request.Account):O} with nothing at work."
            : "";
        return new AdmissionAnswer(Granted: false, place, $"{busy} is {holdings.HoldersOf(busy)}; {place - 1} before it in the queue.{raised}", null);
    }

    /// <summary>Of those that can be granted the one that goes first; null when there is none.</summary>
    private static AdmissionWish? Next(IReadOnlyList<AdmissionWish> waiting, AdmissionHoldings holdings)
    {
        AdmissionWish? next = null;
        foreach (var wish in waiting)
        {
            if ((next is null || holdings.IsBefore(wish, next)) && holdings.Busy(wish.Request) is null) next = wish;
        }

        return next;
    }

    private static (string Reason, DateTimeOffset? Until)? Blocked(AdmissionState state, DateTimeOffset now)
    {
        if (state.Paused is { } pause) return ($"Everything is paused by {pause.By}{(pause.Reason is null ? "" : $": {pause.Reason}")}.", null);
        var window = state.Windows.FirstOrDefault(window => window.From <= now && now < window.Until);
        return window is null ? null : ($"Maintenance until {window.Until:O}{(window.Reason is null ? "" : $": {window.Reason}")}.", window.Until);
    }

    private static bool Same(AdmissionRequest one, AdmissionRequest other) => one.Instance == other.Instance && one.Stage == other.Stage;
}
