namespace SnapshotWorkflows.Contracts;

/// <summary>Who holds which slots, counted once: hundreds may wait, and each of them is held against the same slots.</summary>
internal sealed class AdmissionHoldings
{
    private readonly Dictionary<string, List<string>> _bySlot = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _byAccount = new(StringComparer.Ordinal);
    private readonly AdmissionLimits _limits;

    public AdmissionHoldings(AdmissionState state)
    {
        _limits = state.Limits;
        foreach (var grant in state.Granted) Add(grant.Request);
    }

    /// <summary>From now on this wish is granted too.</summary>
    public void Add(AdmissionRequest request)
    {
        Note(_byAccount, request.Account, request.Instance);
        foreach (var slot in request.Slots) Note(_bySlot, slot, request.Instance);
    }

    /// <summary>Whether one wish goes before another: the higher priority, then the account that holds the least, then who came first.</summary>
    public bool IsBefore(AdmissionWish one, AdmissionWish other) => Compare(one, other) < 0;

    /// <inheritdoc cref="IsBefore"/>
    public int Compare(AdmissionWish one, AdmissionWish other)
    {
        var priority = other.Request.Priority.CompareTo(one.Request.Priority);
        if (priority != 0) return priority;
        var held = Count(_byAccount, one.Request.Account).CompareTo(Count(_byAccount, other.Request.Account));
        return held != 0 ? held : one.Number.CompareTo(other.Number);
    }

    /// <summary>The first slot of a wish that is full; null when all are free. What a workflow holds itself is not in its own way.</summary>
    public string? Busy(AdmissionRequest request)
    {
        foreach (var slot in request.Slots)
        {
            var limit = _limits.Of(slot);
            if (_bySlot.TryGetValue(slot, out var holders) && holders.Count - (holders.Contains(request.Instance) ? 1 : 0) >= limit) return slot;
        }

        return null;
    }

    /// <summary>Some of those who hold a slot, for people.</summary>
    public string HoldersOf(string slot) => string.Join(", ", _bySlot[slot].Take(3));

    private static int Count(Dictionary<string, List<string>> instances, string of) => instances.TryGetValue(of, out var found) ? found.Count : 0;

    private static void Note(Dictionary<string, List<string>> instances, string of, string instance)
    {
        if (!instances.TryGetValue(of, out var known)) instances.Add(of, known = []);
        if (!known.Contains(instance)) known.Add(instance);
    }
}
