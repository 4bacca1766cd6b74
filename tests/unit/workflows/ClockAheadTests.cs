using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.Activities.UpkeepSteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>A clock that was years ahead for a minute: what it left behind is not believed once it is right again.</summary>
public sealed class ClockAheadTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_policy_that_is_noted_as_done_in_a_year_to_come_begins_again_from_now()
    {
        var folder = Directory.CreateTempSubdirectory("swf-clock-").FullName;
        try
        {
            using var catalog = new CatalogDatabase(Path.Combine(folder, "catalog.db"));
            var policies = new PolicyLedger(catalog, new ManualTimeProvider(s_now.AddDays(-1)));
            var put = policies.Put(new SnapshotPolicy { Name = "nightly", Schedule = "0 2 * * *", Volumes = new PolicyVolumes(), Keep = new RetentionRule() }, "test")!;
            policies.Done("nightly", put.Revision, s_now.AddYears(5));

            // No client: nothing is started by this tick, for what was missed meanwhile nobody can tell.
            await new PolicyTick(policies, new ClockWatch(catalog, new ManualTimeProvider(s_now)), new ManualTimeProvider(s_now), NullLogger<PolicyTick>.Instance).StartDueAsync(policies.Find("nightly")!, null!, TestContext.Current.CancellationToken);
            var stored = policies.Find("nightly")!;
            Assert.Equal(s_now, stored.DoneUntil);
            Assert.NotNull(PolicySchedule.Of(stored.Policy)!.LatestDue(stored.DoneUntil, s_now.AddDays(1)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void The_newest_backup_of_the_ledger_is_the_newest_whose_time_can_be_true()
    {
        string Name(DateTimeOffset at) => LedgerBackups.Name("us", at);
        string[] names = [Name(s_now.AddYears(5)), Name(s_now.AddMinutes(30)), Name(s_now.AddHours(-1))];
        Assert.Equal(names[1], LedgerBackups.Newest(names, "us", s_now));
        Assert.Equal(names[2], LedgerBackups.Newest([names[0], names[2]], "us", s_now));
        Assert.Null(LedgerBackups.Newest([names[0]], "us", s_now));
    }
}
