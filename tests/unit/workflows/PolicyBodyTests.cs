using System.Text;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Functions.Triggers;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>A policy that cannot be meant is refused when it is put, and not found out by a missing backup.</summary>
public sealed class PolicyBodyTests
{
    [Theory]
    [InlineData("*/15 2 * * *")]
    [InlineData("*/60 */24 */31 */12 */7")]
    [InlineData("0 22-23,0-2 * * *")]
    [InlineData("30 2 29 2 *")]
    [InlineData("0 30 2 * * *")]
    [InlineData("0 2 * jan-DEC mon-fri")]
    [InlineData("0 2 1-31/2 * 0,6")]
    public void What_can_be_meant_is_taken(string schedule) => Assert.Equal(schedule, Parse($"\"schedule\":\"{schedule}\"").Schedule);

    [Theory]
    [InlineData("*/0 * * * *")]
    [InlineData("*/61 * * * *")]
    [InlineData("0 */25 * * *")]
    [InlineData("0 0 1-31/32 * *")]
    [InlineData("0 0 * * */8")]
    [InlineData("*/61 0 2 * * *")]
    [InlineData("59-0 * * * *")]
    [InlineData("0 22-2 * * *")]
    [InlineData("0 0 * dec-jan *")]
    [InlineData("0 0 * * fri-mon")]
    [InlineData("0 0 * * 1,6-0")]
    [InlineData("0 0 30 2 *")]
    [InlineData("0 0 31 4,6,9,11 *")]
    [InlineData("*/99999999999 * * * *")]
    [InlineData("99999999999 * * * *")]
    [InlineData("99999999999-99999999999 * * * *")]
    public void A_schedule_that_cannot_be_meant_is_refused(string schedule) => Assert.Equal("policy.schedule", Refusal($"\"schedule\":\"{schedule}\"").Code);

    [Fact]
    public void A_schedule_that_is_stored_runs_on_as_it_did()
    {
        Assert.NotNull(PolicySchedule.Parse("*/0 * * * *", "UTC").Next(DateTimeOffset.UnixEpoch));
        Assert.NotNull(PolicySchedule.Parse("59-0 * * * *", "UTC").Next(DateTimeOffset.UnixEpoch));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"last":null}""")]
    [InlineData("""{"maxAge":"PT0.0000001S"}""")]
    [InlineData("""{"maxAge":"PT59M59S"}""")]
    [InlineData("""{"maxAge":"-P1D"}""")]
    [InlineData("""{"maxAge":"00:59:59"}""")]
    [InlineData("""{"maxAge":"P99999999999Y"}""")]
    [InlineData("""{"maxAge":"P99999999Y"}""")]
    [InlineData("""{"maxAge":"soon"}""")]
    [InlineData("""{"daily":7,"maxAge":"PT1S"}""")]
    public void A_rule_that_keeps_nothing_in_earnest_is_refused(string keep) => Assert.Equal("request.value", Refusal($"\"schedule\":\"0 2 * * *\",\"keep\":{keep}").Code);

    [Fact]
    public void Without_a_rule_everything_is_kept_and_an_hour_is_old_enough()
    {
        Assert.Equal(new RetentionRule(), Parse("\"schedule\":\"0 2 * * *\"").Keep);
        Assert.Equal(TimeSpan.FromHours(1), Parse("\"schedule\":\"0 2 * * *\",\"keep\":{\"maxAge\":\"PT1H\"}").Keep.MaxAge);
    }

    [Fact]
    public void A_destination_that_the_settings_do_not_name_is_refused()
    {
        var known = new DestinationNames();
        known.Destinations.Add(new DestinationName { Name = "nfs" });
        known.Require(null);
        known.Require("nfs");
        foreach (var unknown in (string[])["nope", "NFS"]) Assert.Equal("request.value", Assert.Throws<BadRequestException>(() => known.Require(unknown)).Code);
    }

    private static SnapshotPolicy Parse(string members) => PolicyBody.Parse("p", Encoding.UTF8.GetBytes("{" + members + ""","volumes":{"tag":{"key":"backup"}}}"""));

    private static BadRequestException Refusal(string members)
    {
        var refused = Assert.Throws<BadRequestException>(() => Parse(members));
        Assert.NotEmpty(refused.Remedy);
        return refused;
    }
}
