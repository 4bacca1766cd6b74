using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable.Converters;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>Nobody waits for ever, and nothing is held back for longer than that takes.</summary>
public sealed class AdmissionFairnessTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan s_period = new AdmissionLimits().RaiseAfter;

    /// <summary>
    /// Somebody is always asking: one account restores without end, one has more requests of people than its limit, on volumes that others want too; three have policies, one of them a group of all of those volumes.
    /// Whoever ends begins anew at once, for a month.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Nobody_starves_while_the_load_never_stops(int seed)
    {
        var load = new EndlessLoad(seed, new AdmissionLimits { ArrayClones = 3, HostCopies = 2, StoreWriters = 3, AccountJobs = 3 });
        for (var n = 0; n < 4; n++) load.Add($"restores-{n}", "disaster", AdmissionPriorities.Restore, 1, $"lost-{n}");
        for (var n = 0; n < 8; n++) load.Add($"person-{n}", "busy", AdmissionPriorities.Person, 1, "shared-0", "shared-1", "shared-2", "shared-3");
        load.Add("busy-policy", "busy", AdmissionPriorities.Policy, 1, "shared-0");
        load.Add("policy-0", "quiet", AdmissionPriorities.Policy, 1, "quiet-0");
        load.Add("policy-1", "quiet", AdmissionPriorities.Policy, 1, "quiet-1");
        load.Add("same-volume", "other", AdmissionPriorities.Policy, 1, "shared-0");
        load.Add("group", "large", AdmissionPriorities.Policy, 4, "shared-0", "shared-1", "shared-2", "shared-3");
        load.Run(TimeSpan.FromDays(30));
        Assert.All(load.Longest, wait => Assert.True(wait.Value < TimeSpan.FromDays(2), $"{wait.Key} waited for {wait.Value}"));

        // By turns alone that would be one job an hour between them; an account with nothing at work has its share.
        Assert.True(load.Done["policy-0"] + load.Done["policy-1"] > 30 * 24 / 4, $"{load.Done["policy-0"] + load.Done["policy-1"]} jobs of the quiet account in a month");
        load.Drain();
    }

    [Fact]
    public void A_stream_of_one_account_takes_turns_with_the_policy_of_another()
    {
        var state = new AdmissionState { Limits = new AdmissionLimits { HostCopies = 2, AccountJobs = 99 } };
        for (var n = 0; n < 6; n++) state = AdmissionQueue.Ask(state, Wish($"person-{n}", AdmissionPriorities.Person, "busy", "host:h"), s_now).State;
        var policy = Wish("policy", AdmissionPriorities.Policy, "quiet", "host:h");
        state = AdmissionQueue.Ask(state, policy, s_now).State;
        Assert.Equal(["person-2"], AdmissionQueue.Release(state, "person-0", s_now.AddMinutes(59)).Granted.Select(request => request.Instance));
        state = state with { LastTurn = s_now.AddMinutes(30) };
        Assert.Contains("It goes with priority 1, for its account has waited since 2026-11-26T12:00:00", AdmissionQueue.Answer(state, policy, s_now + s_period).Reason, StringComparison.Ordinal);
        Assert.Equal(["policy"], AdmissionQueue.Release(state, "person-0", s_now + s_period).Granted.Select(request => request.Instance));
    }

    /// <summary>A night's policies have waited for hours when a disk is lost.</summary>
    [Fact]
    public void A_restore_goes_before_a_backlog_of_any_age_but_for_one_turn()
    {
        var state = new AdmissionState { Limits = new AdmissionLimits { HostCopies = 1, AccountJobs = 99 } };
        for (var n = 0; n < 40; n++) state = AdmissionQueue.Ask(state, Wish($"policy-{n}", AdmissionPriorities.Policy, $"a{n % 5}", "host:h"), s_now).State;
        var later = s_now.AddHours(9);
        state = AdmissionQueue.Ask(state, Wish("restore", AdmissionPriorities.Restore, "a0", "host:h"), later).State;
        (state, var first) = AdmissionQueue.Release(state, "policy-0", later);
        Assert.Equal(["policy-1"], first.Select(request => request.Instance));
        Assert.Equal(["restore"], AdmissionQueue.Release(state, "policy-1", later.AddMinutes(50)).Granted.Select(request => request.Instance));
    }

    /// <summary>In one account as before: people first, however old its own policies' wishes are.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_persons_wish_does_not_wait_behind_the_backlog_of_his_own_account(int copies)
    {
        var state = new AdmissionState { Limits = new AdmissionLimits { HostCopies = copies, AccountJobs = 99 } };
        for (var n = 0; n < 40; n++) state = AdmissionQueue.Ask(state, Wish($"policy-{n}", AdmissionPriorities.Policy, "a", "host:h"), s_now).State;
        var later = s_now.AddHours(9);
        state = AdmissionQueue.Ask(state with { LastTurn = later }, Wish("person", AdmissionPriorities.Person, "a", "host:h"), later).State;
        Assert.Equal(["person"], AdmissionQueue.Release(state, "policy-0", later).Granted.Select(request => request.Instance));
    }

    [Fact]
    public void Whoever_needs_several_things_has_them_kept_as_they_become_free()
    {
        var state = new AdmissionState { Limits = new AdmissionLimits { ArrayClones = 1, HostCopies = 1 } };
        state = AdmissionQueue.Ask(state, Wish("array-job", AdmissionPriorities.Person, "x", "array:c"), s_now).State;
        state = AdmissionQueue.Ask(state, Wish("host-job", AdmissionPriorities.Person, "x", "host:h"), s_now).State;
        var both = Wish("both", AdmissionPriorities.Policy, "y", "array:c", "host:h");
        state = AdmissionQueue.Ask(state, both, s_now).State;
        var later = s_now + s_period;
        (state, var none) = AdmissionQueue.Release(state, "host-job", later);
        Assert.Empty(none);
        var next = Wish("next", AdmissionPriorities.Restore, "x", "host:h");
        (state, none) = AdmissionQueue.Ask(state, next, later);
        Assert.Empty(none);
        Assert.Contains("host:h is kept for both, which has waited the longest; 1 before it", AdmissionQueue.Answer(state, next, later).Reason, StringComparison.Ordinal);
        Assert.Contains("array:c is taken by array-job; 0 before it in the queue. It has waited the longest", AdmissionQueue.Answer(state, both, later).Reason, StringComparison.Ordinal);
        (state, var granted) = AdmissionQueue.Release(state, "array-job", later);
        Assert.Equal(["both"], granted.Select(request => request.Instance));

        Assert.Equal(later, state.LastTurn);
        Assert.Equal(["next"], AdmissionQueue.Release(state, "both", later).Granted.Select(request => request.Instance));
    }

    [Fact]
    public void No_host_stands_idle_for_a_volume_that_is_still_copied()
    {
        var state = new AdmissionState { Limits = new AdmissionLimits { HostCopies = 1 } };
        state = AdmissionQueue.Ask(state, Wish("long", AdmissionPriorities.Person, "x", "volume:v"), s_now).State;
        state = AdmissionQueue.Ask(state, Wish("waits", AdmissionPriorities.Policy, "y", "volume:v", "host:h"), s_now).State;
        Assert.Equal(["other"], AdmissionQueue.Ask(state, Wish("other", AdmissionPriorities.Policy, "z", "host:h"), s_now.AddDays(1)).Granted.Select(request => request.Instance));
    }

    [Fact]
    public void Volumes_are_kept_for_the_group_that_waited_longest_but_not_from_a_restore()
    {
        var state = new AdmissionState();
        state = AdmissionQueue.Ask(state, Wish("one", AdmissionPriorities.Person, "x", "volume:1"), s_now).State;
        state = AdmissionQueue.Ask(state, Wish("group", AdmissionPriorities.Policy, "y", "volume:1", "volume:2"), s_now).State;
        var later = s_now + s_period;
        var (_, granted) = AdmissionQueue.Ask(state, Wish("restore", AdmissionPriorities.Restore, "x", "volume:2"), later);
        Assert.Equal(["restore"], granted.Select(request => request.Instance));
        (state, granted) = AdmissionQueue.Ask(state, Wish("two", AdmissionPriorities.Person, "x", "volume:2"), later);
        Assert.Empty(granted);
        Assert.Equal(["group"], AdmissionQueue.Release(state, "one", later).Granted.Select(request => request.Instance));
    }

    /// <summary>A clean-up that does not end holds the last clone's place: who waits for that must keep nobody from a host.</summary>
    [Fact]
    public void Nothing_is_kept_for_one_who_waits_for_a_clean_up_that_does_not_end()
    {
        var state = new AdmissionState { Limits = new AdmissionLimits { ArrayClones = 1, HostCopies = 1 } };
        state = AdmissionQueue.Ask(state, Wish("hangs", AdmissionPriorities.Person, "x", "array:c", "host:h"), s_now).State;
        state = AdmissionQueue.Ask(state, Wish("waits", AdmissionPriorities.Policy, "y", "array:c", "host:h"), s_now).State;
        state = AdmissionQueue.Reduce(state, new AdmissionReduction("hangs", AdmissionSlots.OfWhatIsThere), s_now).State;
        Assert.Equal(["other"], AdmissionQueue.Ask(state, Wish("other", AdmissionPriorities.Policy, "z", "array:d", "host:h"), s_now.AddDays(1)).Granted.Select(request => request.Instance));
    }

    /// <summary>A job that holds a volume and wants a host, and one that has waited long for that volume's other name: neither waits for the other.</summary>
    [Fact]
    public void What_is_kept_locks_nobody_out()
    {
        var state = new AdmissionState { Limits = new AdmissionLimits { HostCopies = 1, AccountJobs = 1 } };
        state = AdmissionQueue.Ask(state, Wish("works", AdmissionPriorities.Person, "x", "volume:a", "account:x"), s_now).State;
        state = AdmissionQueue.Ask(state, Wish("copies", AdmissionPriorities.Person, "z", "host:h"), s_now).State;
        state = AdmissionQueue.Ask(state, Wish("by-volume", AdmissionPriorities.Policy, "y", "volume:a", "host:h"), s_now).State;
        state = AdmissionQueue.Ask(state, Wish("by-account", AdmissionPriorities.Policy, "x", "volume:b", "account:x", "host:h"), s_now).State;
        var later = s_now.AddDays(1);
        state = AdmissionQueue.Ask(state, Wish("works", AdmissionPriorities.Person, "x", "volume:a", "host:h") with { Stage = 2 }, later).State;
        (state, var granted) = AdmissionQueue.Release(state, "copies", later);
        Assert.Equal(["works"], granted.Select(request => request.Instance));
        var released = AdmissionQueue.Release(state, "works", later);
        Assert.Equal(["by-volume"], released.Granted.Select(request => request.Instance));
        Assert.Equal(["by-account"], AdmissionQueue.Release(released.State, "by-volume", later).Granted.Select(request => request.Instance));
    }

    /// <summary>As a release before the turns wrote it.</summary>
    [Fact]
    public void A_state_of_a_release_before_goes_on()
    {
        var state = (AdmissionState)JsonDataConverter.Default.Deserialize(
            """
            {"Limits":{"ArrayClones":4,"HostCopies":1,"StoreWriters":4,"AccountJobs":4},"Paused":null,"Windows":[],
             "Granted":[{"Request":{"Instance":"a","Stage":2,"Slots":["array:c","host:h"],"Account":"d/x","Priority":2,"Reads":null},"At":"2026-11-26T11:00:00+00:00"}],
             "Waiting":[{"Request":{"Instance":"b","Stage":2,"Slots":["array:c","host:h"],"Account":"d/y","Priority":0,"Reads":null},"Number":7,"At":"2026-11-26T11:00:00+00:00"}],"LastNumber":7}
            """,
            typeof(AdmissionState))!;
        Assert.Equal((TimeSpan.FromHours(1), null, false), (state.Limits.RaiseAfter, state.LastTurn, state.Granted[0].Stuck));
        state = AdmissionQueue.Release(state, "a", s_now).State;
        var again = (AdmissionState)JsonDataConverter.Default.Deserialize(JsonDataConverter.Default.Serialize(state), typeof(AdmissionState))!;
        Assert.Equal(("b", s_now), (Assert.Single(again.Granted).Request.Instance, again.LastTurn));
    }

    private static AdmissionRequest Wish(string instance, int priority, string account, params string[] slots) => new(instance, 1, slots, account, priority);

    /// <summary>Clients that ask as workflows do: volumes and account first, then the rest; each begins anew when it has ended.</summary>
    private sealed class EndlessLoad(int seed, AdmissionLimits limits)
    {
        private readonly Random _random = new(seed);
        private readonly Dictionary<string, Client> _clients = new(StringComparer.Ordinal);
        private readonly PriorityQueue<string, DateTimeOffset> _ends = new();
        private AdmissionState _state = new() { Limits = limits };
        private DateTimeOffset _now = s_now;
        private int _jobs;

        public Dictionary<string, TimeSpan> Longest { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, int> Done { get; } = new(StringComparer.Ordinal);

        public void Add(string name, string account, int priority, int volumes, params string[] from)
        {
            (Longest[name], Done[name]) = (TimeSpan.Zero, 0);
            Begin(new Client(name, account, priority, volumes, from));
        }

        public void Run(TimeSpan time)
        {
            var until = _now + time;
            while (_ends.TryPeek(out _, out var end) && end < until) Begin(End());
            _now = until;
            foreach (var wish in _state.Waiting) Waited(_clients[wish.Request.Instance]);
        }

        /// <summary>Nobody begins anew.</summary>
        public void Drain()
        {
            while (_ends.Count > 0) End();
            Assert.Empty(_state.Waiting);
            Assert.Empty(_state.Granted);
        }

        private void Begin(Client client)
        {
            var instance = $"{client.Name}#{_jobs++}";
            _clients[instance] = client with { Asked = _now };
            IEnumerable<string> volumes = _random.GetItems(client.From, client.From.Length).Distinct().Concat(client.From).Distinct().Take(client.Volumes);
            Take(AdmissionQueue.Ask(_state, new AdmissionRequest(instance, 1, [.. volumes.Select(AdmissionSlots.Volume), AdmissionSlots.Account(client.Account)], client.Account, client.Priority), _now));
        }

        private Client End()
        {
            _ends.TryDequeue(out var instance, out _now);
            Take(AdmissionQueue.Release(_state, instance!, _now));
            _clients.Remove(instance!, out var client);
            Done[client!.Name]++;
            return client;
        }

        private void Take((AdmissionState State, IReadOnlyList<AdmissionRequest> Granted) decided)
        {
            _state = decided.State;
            foreach (var slot in _state.Granted.SelectMany(grant => grant.Request.Slots).GroupBy(slot => slot, StringComparer.Ordinal)) Assert.True(slot.Count() <= _state.Limits.Of(slot.Key), slot.Key);
            foreach (var request in decided.Granted)
            {
                if (request.Stage == 1)
                {
                    Take(AdmissionQueue.Ask(_state, request with { Stage = 2, Slots = [AdmissionSlots.Array($"{_random.Next(2)}"), AdmissionSlots.Host($"{_random.Next(2)}"), AdmissionSlots.Store($"{_random.Next(2)}")] }, _now));
                    continue;
                }

                Waited(_clients[request.Instance]);
                _ends.Enqueue(request.Instance, _now + TimeSpan.FromMinutes(_random.Next(5, 50)));
            }
        }

        private void Waited(Client client)
        {
            if (_now - client.Asked > Longest[client.Name]) Longest[client.Name] = _now - client.Asked;
        }

        private sealed record Client(string Name, string Account, int Priority, int Volumes, string[] From)
        {
            public DateTimeOffset Asked { get; init; }
        }
    }
}
