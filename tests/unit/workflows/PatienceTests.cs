using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Secondary;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>How long a step is tried again, and which faults of a store are worth it.</summary>
public sealed class PatienceTests
{
    private static readonly DateTime s_start = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);
    private static readonly StepFault s_away = new("store.unavailable", FaultKind.Transient, "Away.", "Wait.");

    [Fact]
    public void A_copy_that_fails_after_hours_is_tried_again_for_half_an_hour_from_then()
    {
        var patience = new Patience(StepPolicy.Work, version: true, s_start);
        patience.Begin(s_start);
        Assert.True(Again(patience, 5 * 60));
        // It fails at once from then on.
        for (var minute = 1; minute < 30; minute++)
        {
            patience.Begin(At(5 * 60 + minute));
            Assert.True(Again(patience, 5 * 60 + minute));
        }

        patience.Begin(At(5 * 60 + 30));
        Assert.False(Again(patience, 5 * 60 + 30));
    }

    [Fact]
    public void What_breaks_off_late_each_time_ends_too()
    {
        var patience = new Patience(StepPolicy.Work, version: true, s_start);
        var tries = 0;
        for (var minute = 0; tries < 100; minute += 45)
        {
            patience.Begin(At(minute));
            tries++;
            if (!Again(patience, minute + 44)) break;
        }

        Assert.Equal(9, tries);
    }

    /// <summary>As instances were told that were begun before; and while a guest is frozen, or a person waits, the whole step counts.</summary>
    [Fact]
    public void Otherwise_the_time_counts_from_the_steps_beginning()
    {
        var older = new Patience(StepPolicy.Work, version: false, s_start);
        older.Begin(s_start);
        Assert.False(Again(older, 31));
        var frozen = new Patience(StepPolicy.Frozen, version: true, s_start);
        frozen.Begin(s_start);
        Assert.False(StepPolicy.Frozen.Retries(s_away, frozen.Failed(s_start.AddSeconds(6))));
    }

    [Theory]
    [InlineData(StoreCodes.Unavailable, FaultKind.Transient)]
    [InlineData(StoreCodes.Io, FaultKind.Transient)]
    [InlineData(StoreCodes.StagedLost, FaultKind.Transient)]
    [InlineData(StoreCodes.Unreadable, FaultKind.Corrupt)]
    [InlineData(StoreCodes.Full, FaultKind.Rejected)]
    [InlineData(StoreCodes.Missing, FaultKind.NotFound)]
    public void A_stores_fault_is_of_a_kind(string code, FaultKind kind) => Assert.Equal(kind, FaultMap.Find(new SecondaryStoreException(code, "It failed.", "Look."))!.Kind);

    private static DateTime At(int minutes) => s_start.AddMinutes(minutes);

    private static bool Again(Patience patience, int minutes) => StepPolicy.Work.Retries(s_away, patience.Failed(At(minutes)));
}
