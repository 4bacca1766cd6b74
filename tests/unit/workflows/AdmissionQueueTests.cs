using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Functions.Orchestrators;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

public sealed class AdmissionQueueTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_volume_has_one_job_and_the_next_is_granted_when_it_ends()
    {
        var state = Ask(new AdmissionState(), Wish("a", "volume:v"), granted: "a");
        state = Ask(state, Wish("b", "volume:v"));
        Assert.Contains("volume:v is taken by a", AdmissionQueue.Answer(state, Wish("b", "volume:v"), s_now).Reason, StringComparison.Ordinal);
        var (after, granted) = AdmissionQueue.Release(state, "a", s_now);
        Assert.Equal(["b"], granted.Select(request => request.Instance));
        Assert.True(AdmissionQueue.Answer(after, Wish("b", "volume:v"), s_now).Granted);
    }

    [Fact]
    public void Asking_again_keeps_the_place_and_gets_no_second_slot()
    {
        var state = Ask(new AdmissionState(), Wish("a", "volume:v"), granted: "a");
        state = Ask(state, Wish("a", "volume:v"));
        state = Ask(Ask(state, Wish("b", "volume:v")), Wish("b", "volume:v"));
        Assert.Equal((1, 1), (state.Granted.Count, state.Waiting.Count));
    }

    [Fact]
    public void A_job_that_cannot_clean_up_keeps_its_volume_and_clone_and_lets_others_have_the_rest()
    {
        var state = Ask(new AdmissionState { Limits = new AdmissionLimits { HostCopies = 1, StoreWriters = 1, AccountJobs = 1 } }, Wish("a", "volume:v", "account:d/x"), granted: "a");
        state = Ask(state, Wish("a", "array:c", "host:h", "store:s") with { Stage = 2 }, granted: "a");
        state = Ask(state, Wish("b", "volume:w", "host:h"));
        state = Ask(state, Wish("c", "volume:v"));
        var (after, granted) = AdmissionQueue.Reduce(state, new AdmissionReduction("a", AdmissionSlots.OfWhatIsThere), s_now);
        Assert.Equal(["b"], granted.Select(request => request.Instance));
        Assert.Equal(["volume:v", "array:c"], after.Granted.Where(grant => grant.Request.Instance == "a").SelectMany(grant => grant.Request.Slots));
        Assert.False(AdmissionQueue.Answer(after, Wish("c", "volume:v"), s_now).Granted);
        Assert.Equal(["c"], AdmissionQueue.Release(after, "a", s_now).Granted.Select(request => request.Instance));
    }

    [Fact]
    public void A_copy_is_read_from_the_wish_on_until_the_job_unwinds_or_until_it_has_where_it_says_so()
    {
        var copy = new RequestKey(new string('c', 32));
        var state = Ask(new AdmissionState(), Wish("a", "volume:v"), granted: "a");
        state = Ask(state, Wish("b", "volume:v") with { Reads = copy });
        Assert.Equal(["b"], state.ReadersOf(copy));
        Assert.Empty(state.ReadersOf(new RequestKey(new string('d', 32))));
        state = AdmissionQueue.Release(state, "a", s_now).State;
        Assert.Equal(["b"], state.ReadersOf(copy));
        Assert.Empty(AdmissionQueue.Reduce(state, new AdmissionReduction("b", AdmissionSlots.OfWhatIsThere), s_now).State.ReadersOf(copy));
        Assert.Equal(["b"], AdmissionQueue.Reduce(state, new AdmissionReduction("b", AdmissionSlots.OfWhatIsThere) { Reads = true }, s_now).State.ReadersOf(copy));
        Assert.Empty(AdmissionQueue.Release(state, "b", s_now).State.ReadersOf(copy));
    }

    [Fact]
    public void The_queue_is_shown_in_its_order_with_place_and_reason()
    {
        var state = Ask(new AdmissionState(), Wish("a", "volume:v"), granted: "a");
        state = Ask(state, Wish("policy", "volume:v"));
        state = Ask(state, Wish("person", "volume:v") with { Priority = 1 });
        var view = Functions.Triggers.AdmissionView.Of(state, s_now);
        Assert.Equal(("a", s_now), (Assert.Single(view.Running).Instance, view.Running[0].Since));
        Assert.Equal([(1, "person"), (2, "policy")], view.Waiting.Select(job => (job.Place, job.Instance)));
        Assert.All(view.Waiting, job => Assert.Contains("volume:v is taken by a", job.Reason, StringComparison.Ordinal));
        var paused = Functions.Triggers.AdmissionView.Of(state with { Paused = new AdmissionPause("ops", "firmware", s_now) }, s_now);
        Assert.All(paused.Waiting, job => Assert.Contains("firmware", job.Reason, StringComparison.Ordinal));
    }

    /// <summary>A policy over hundreds of volumes makes as many wait, and each of them asks, is granted and gives back.</summary>
    [Fact]
    public void What_is_decided_costs_little_however_many_wait()
    {
        var state = new AdmissionState { Limits = new AdmissionLimits { AccountJobs = 20 } };
        for (var n = 0; n < 1000; n++) state = AdmissionQueue.Ask(state, Wish($"i{n}", $"volume:{n}", "account:d/x") with { Account = "d/x" }, s_now).State;
        Assert.Equal((20, 980), (state.Granted.Count, state.Waiting.Count));
        var last = Wish("last", "volume:last", "account:d/x") with { Account = "d/x" };
        Bounded(200 << 10, () => state = AdmissionQueue.Ask(state, last, s_now).State);
        Bounded(100 << 10, () => Assert.Equal(981, AdmissionQueue.Answer(state, last, s_now).Place));
        Bounded(200 << 10, () => Assert.Equal(["i20"], AdmissionQueue.Release(state, "i3", s_now).Granted.Select(request => request.Instance)));
        Bounded(2 << 20, () => Assert.Equal(981, Functions.Triggers.AdmissionView.Of(state, s_now).Waiting.Count));

        static void Bounded(long bytes, Action act)
        {
            // Once for what is compiled and cached, which repeats nothing: a wish is taken in once.
            act();
            var before = GC.GetAllocatedBytesForCurrentThread();
            act();
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, bytes);
        }
    }

    [Fact]
    public void A_busy_volume_keeps_nobody_else_waiting()
    {
        var state = Ask(new AdmissionState(), Wish("a", "volume:v"), granted: "a");
        state = Ask(state, Wish("b", "volume:v"));
        Ask(state, Wish("c", "volume:w"), granted: "c");
    }

    [Fact]
    public void An_account_with_many_wishes_does_not_crowd_another_out()
    {
        var state = new AdmissionState { Limits = new AdmissionLimits { HostCopies = 2, AccountJobs = 99 } };
        for (var n = 0; n < 6; n++) state = AdmissionQueue.Ask(state, Wish($"big-{n}", "host:h") with { Account = "big" }, s_now).State;
        state = AdmissionQueue.Ask(state, Wish("small-0", "host:h") with { Account = "small" }, s_now).State;
        Assert.Equal(["small-0"], AdmissionQueue.Release(state, "big-0", s_now).Granted.Select(request => request.Instance));
    }

    [Fact]
    public void A_persons_wish_goes_before_a_policys()
    {
        var state = Ask(new AdmissionState(), Wish("a", "volume:v"), granted: "a");
        state = Ask(state, Wish("policy", "volume:v"));
        state = Ask(state, Wish("person", "volume:v") with { Priority = 1 });
        Assert.Equal(2, AdmissionQueue.Answer(state, Wish("policy", "volume:v"), s_now).Place);
        Assert.Equal(["person"], AdmissionQueue.Release(state, "a", s_now).Granted.Select(request => request.Instance));
    }

    [Fact]
    public void While_paused_or_in_maintenance_nothing_begins_and_the_reason_is_told()
    {
        var paused = new AdmissionState { Paused = new AdmissionPause("ops", "firmware", s_now) };
        Assert.Equal("Everything is paused by ops: firmware.", AdmissionQueue.Answer(Ask(paused, Wish("a", "volume:v")), Wish("a", "volume:v"), s_now).Reason);
        var window = new AdmissionState { Windows = [new MaintenanceWindow(s_now, s_now.AddHours(1), null)] };
        var waiting = Ask(window, Wish("a", "volume:v"));
        Assert.Equal(s_now.AddHours(1), AdmissionQueue.Answer(waiting, Wish("a", "volume:v"), s_now).Until);
        Assert.Equal(["a"], AdmissionQueue.Grant(waiting, s_now.AddHours(1)).Granted.Select(request => request.Instance));
    }

    private static AdmissionState Ask(AdmissionState state, AdmissionRequest wish, params string[] granted)
    {
        var decided = AdmissionQueue.Ask(state, wish, s_now);
        Assert.Equal(granted, decided.Granted.Select(request => request.Instance));
        return decided.State;
    }

    private static AdmissionRequest Wish(string instance, params string[] slots) => new(instance, 1, slots, "", 0);
}
