namespace SnapshotWorkflows.Contracts;

/// <summary>Who holds which slots, and for whom some are kept, found once: hundreds may wait, and each of them is held against the same slots.</summary>
internal sealed class AdmissionHoldings
{
    // Levels of slots, in the order in which workflows come by them.
    private const int Volumes = 0;
    private const int Accounts = 1;
    private const int Shared = 2;

    private readonly Dictionary<string, List<string>> _bySlot = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _atWork = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _waiting = new(StringComparer.Ordinal);
    private readonly HashSet<string> _stuck = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AdmissionWish> _kept = new(StringComparer.Ordinal);
    private readonly AdmissionLimits _limits;
    private readonly DateTimeOffset _now;

    public AdmissionHoldings(AdmissionState state, DateTimeOffset now)
    {
        (_limits, _now) = (state.Limits, now);
        foreach (var grant in state.Granted)
        {
            Hold(grant.Request);
            if (grant.Stuck) _stuck.Add(grant.Request.Instance);
        }

        foreach (var wish in state.Waiting) _waiting.TryAdd(wish.Request.Account, wish.At);
        KeepForTheLongest(state);
    }

    /// <summary>The wish that goes before all others, for it has waited the longest; null when no turn is due.</summary>
    public AdmissionWish? Turn { get; private set; }

    /// <summary>From now on this wish is granted too.</summary>
    public void Add(AdmissionWish wish)
    {
        Hold(wish.Request);
        if (wish.Number != Turn?.Number) return;
        foreach (var slot in wish.Request.Slots) _kept.Remove(slot);
        Turn = null;
    }

    /// <summary>Whether one wish goes before another: see <see cref="AdmissionQueue"/>.</summary>
    public bool IsBefore(AdmissionWish one, AdmissionWish other) => Compare(one, other) < 0;

    /// <inheritdoc cref="IsBefore"/>
    public int Compare(AdmissionWish one, AdmissionWish other)
    {
        if (one.Number == other.Number) return 0;
        if (one.Number == Turn?.Number || other.Number == Turn?.Number) return one.Number == Turn.Number ? -1 : 1;
        var rank = RankOf(other).CompareTo(RankOf(one));
        if (rank != 0) return rank;
        var atWork = Count(_atWork, one.Request.Account).CompareTo(Count(_atWork, other.Request.Account));
        if (atWork != 0) return atWork;
        var priority = other.Request.Priority.CompareTo(one.Request.Priority);
        return priority != 0 ? priority : one.Number.CompareTo(other.Number);
    }

    /// <summary>The priority with which a wish goes: while nothing of its account is at work, one more for each period that the account has waited.</summary>
    public int RankOf(AdmissionWish wish)
    {
        var own = wish.Request.Priority;
        if (own >= AdmissionPriorities.Restore || Since(wish.Request.Account) is not { } since) return own;
        return (int)Math.Clamp(own + ((_now - since).Ticks / _limits.RaiseAfter.Ticks), own, AdmissionPriorities.Restore);
    }

    /// <summary>Since when an account waits with nothing at work; null where something is.</summary>
    public DateTimeOffset? Since(string account) => Count(_atWork, account) == 0 && _waiting.TryGetValue(account, out var since) ? since : null;

    /// <summary>The first slot of a wish that is full, or kept for another; null when all are free. What a workflow holds itself is not in its own way.</summary>
    public string? Busy(AdmissionRequest request)
    {
        foreach (var slot in request.Slots)
        {
            if (IsFull(slot, request.Instance, IsKeptFrom(request, slot) ? 1 : 0)) return slot;
        }

        return null;
    }

    /// <summary>Some of those who hold a slot, or for whom it is kept, for people.</summary>
    public string HoldersOf(string slot) => _bySlot.TryGetValue(slot, out var holders) && holders.Count >= _limits.Of(slot)
        ? $"taken by {string.Join(", ", holders.Take(3))}"
        : $"kept for {_kept[slot].Request.Instance}, which has waited the longest";

    private void Hold(AdmissionRequest request)
    {
        foreach (var slot in request.Slots)
        {
            Note(_bySlot, slot, request.Instance);
            if (Level(slot) == Shared) Note(_atWork, request.Account, request.Instance);
        }
    }

    /// <summary>
    /// The turn is of the wish that waited the longest of those whose volumes are free: no place on a host stands idle for a volume that is copied for days. Of those whose volumes are not all free the oldest has
    /// them kept, for it might never find them free together. What is full of clean-ups that do not end is not waited for.
    /// </summary>
    private void KeepForTheLongest(AdmissionState state)
    {
        // A clock that was set back must not put the turns off until it is there again.
        var due = state.LastTurn is not { } last || last > _now || _now - last >= _limits.RaiseAfter;
        AdmissionWish? held = null;
        foreach (var wish in state.Waiting)
        {
            if (held is not null && (Turn is not null || !due)) break;
            if (!IsLate(wish) || (_stuck.Count > 0 && wish.Request.Slots.Any(slot => IsStuck(slot, wish.Request.Instance)))) continue;
            if (!AreFree(wish.Request, Volumes))
            {
                if (held is null) Keep(held = wish, Volumes);
            }
            else if (due && Turn is null)
            {
                Keep(Turn = wish, Volumes);
                Keep(wish, Accounts);

                // Who holds an account and wants a host is never kept from it by one who waits for that account.
                if (AreFree(wish.Request, Accounts)) Keep(wish, Shared);
            }
        }
    }

    /// <summary>One place of each of its slots on that level stays free for it.</summary>
    private void Keep(AdmissionWish wish, int level)
    {
        foreach (var slot in wish.Request.Slots.Where(slot => Level(slot) == level)) _kept.TryAdd(slot, wish);
    }

    private bool AreFree(AdmissionRequest request, int level) =>
        request.Slots.All(slot => Level(slot) != level || !IsFull(slot, request.Instance, IsKeptFrom(request, slot) ? 1 : 0));

    /// <summary>A restore is not kept from a volume: nothing is more urgent.</summary>
    private bool IsKeptFrom(AdmissionRequest request, string slot) =>
        _kept.TryGetValue(slot, out var wish) && wish.Request.Instance != request.Instance && (request.Priority < AdmissionPriorities.Restore || Level(slot) != Volumes);

    private bool IsFull(string slot, string instance, int kept)
    {
        if (!_bySlot.TryGetValue(slot, out var holders)) return kept >= _limits.Of(slot);
        return holders.Contains(instance) ? holders.Count > _limits.Of(slot) : holders.Count + kept >= _limits.Of(slot);
    }

    private bool IsStuck(string slot, string instance) =>
        _bySlot.TryGetValue(slot, out var holders) && holders.Count(holder => holder != instance && _stuck.Contains(holder)) >= _limits.Of(slot);

    private bool IsLate(AdmissionWish wish) => _now - wish.At >= _limits.RaiseAfter;

    private static int Level(string slot) => slot.AsSpan(0, slot.IndexOf(':', StringComparison.Ordinal)) switch { "volume" => Volumes, "account" => Accounts, _ => Shared };

    private static int Count(Dictionary<string, List<string>> instances, string of) => instances.TryGetValue(of, out var found) ? found.Count : 0;

    private static void Note(Dictionary<string, List<string>> instances, string of, string instance)
    {
        if (!instances.TryGetValue(of, out var known)) instances.Add(of, known = []);
        if (!known.Contains(instance)) known.Add(instance);
    }
}
