using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Primitives;
using SnapshotWorkflows.App.Access;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Durable.Host;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>Who did what past the API stands in the audit trail; a flood of refused keys does not fill it.</summary>
public sealed class HostTrailTests : IDisposable
{
    private const string Base = "/runtime/webhooks/durabletask";
    private const string Key = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string Uuid = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";

    private readonly string _folder = Directory.CreateTempSubdirectory("swf-trail-").FullName;
    private readonly CatalogDatabase _catalog;
    private readonly ManualTimeProvider _clock = new(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));
    private readonly AuditTrail _audit;
    private readonly HostTrail _trail;

    public HostTrailTests()
    {
        _catalog = new CatalogDatabase(Path.Combine(_folder, "catalog.db"));
        _audit = new AuditTrail(_catalog, _clock);
        _trail = new HostTrail(() => _audit, _clock, NullLogger<HostTrail>.Instance);
    }

    [Theory]
    [InlineData("POST", $"{Base}/instances/{Key}/terminate", "?reason=stuck&force=true&code=secret", "instance.terminate", Uuid, "force true, reason stuck")]
    [InlineData("POST", $"{Base}/instances/{Key}/raiseEvent/Approve-7", "?code=secret", "instance.raise", Uuid, "Approve-7")]
    [InlineData("POST", $"{Base}/Instances/{Key}/RAISEEVENT/Cancel", "", "instance.raise", Uuid, "Cancel")]
    [InlineData("POST", $"{Base}/instances/any%2Fid/suspend", "", "instance.suspend", "any/id", null)]
    [InlineData("POST", $"{Base}/instances/{Key}/resume", "", "instance.resume", Uuid, null)]
    [InlineData("POST", $"{Base}/instances/{Key}/rewind", "", "instance.rewind", Uuid, null)]
    [InlineData("POST", $"{Base}/instances/{Key}/restart", "", "instance.restart", Uuid, null)]
    [InlineData("DELETE", $"{Base}/instances/{Key}", "", "instance.purge", Uuid, null)]
    [InlineData("DELETE", $"{Base}/instances", "?createdTimeFrom=2026-01-01&runtimeStatus=Failed", "instance.purge", "instances", "createdTimeFrom 2026-01-01, runtimeStatus Failed")]
    [InlineData("POST", $"{Base}/orchestrators/SweepLeaks/{Key}", "", "instance.start", Uuid, "SweepLeaks")]
    [InlineData("POST", $"{Base}/entities/Admission/one", "?op=pause", "entity.signal", "@Admission@one", "op pause")]
    [InlineData("PUT", "/admin/host/functionkeys/ci", "", "key.set", "functionkeys/ci", null)]
    [InlineData("POST", "/admin/host/systemkeys/_master", "", "key.rotate", "systemkeys/_master", null)]
    [InlineData("DELETE", "/admin/functions/ListUsage/keys/acme", "", "key.remove", "ListUsage/acme", null)]
    [InlineData("GET", "/admin/host/keys", "", "key.read", "keys", null)]
    [InlineData("POST", "/admin/functions/PurgeDeletedTimer", "", "function.run", "PurgeDeletedTimer", null)]
    public void What_is_done_past_the_API_is_told(string method, string path, string query, string what, string subject, string? detail)
    {
        _trail.Answered(Request(method, path, query, "ops", code: null));
        _trail.Answered(Request(method, path, query, "ops", code: "instance.ended"));
        Assert.Equal(
            [("ops", what, subject, "done", detail), ("ops", what, subject, "refused", detail is null ? "instance.ended" : $"instance.ended; {detail}")],
            Lines().Select(row => (row.Who, row.What, row.Subject, row.Outcome, row.Detail)));
    }

    [Theory]
    [InlineData($"{Base}/instances/{Key}")]
    [InlineData($"{Base}/entities")]
    [InlineData("/admin/host/status")]
    [InlineData("/admin/functions")]
    public void Looking_is_not_told(string path)
    {
        _trail.Answered(Request("GET", path, "", "ops", code: null));
        Assert.Empty(Lines());
    }

    [Fact]
    public void A_flood_of_refused_keys_leaves_a_few_lines_of_each_day_however_many_send_it()
    {
        for (var day = 0; day < 2; day++)
        {
            for (var n = 0; n < 20_000; n++) _trail.Refused(Request("GET", "/api/snapshots", "?code=guess", caller: null, code: "key.wrong", address: "10.0.0.1"));
            for (var n = 0; n < 20_000; n++) _trail.Refused(Request("GET", "/api/snapshots", "", caller: null, code: "key.missing", address: $"10.1.{n / 256}.{n % 256}"));
            _clock.Advance(TimeSpan.FromDays(1));
        }

        var lines = Lines();
        Assert.InRange(lines.Count, 10, 2 * 11 * 6);
        Assert.Equal(2, lines.Count(line => line.Detail == "key.wrong from 10.0.0.1: GET, 10000 times today"));
        Assert.Equal(2, lines.Count(line => line.Detail == "key.missing from many addresses: GET, 10000 times today"));
        Assert.All(lines, line => Assert.Equal(("unknown", "access.refused", "/api/snapshots", "refused"), (line.Who, line.What, line.Subject, line.Outcome)));
        Assert.All(lines, line => Assert.DoesNotContain("guess", line.Detail, StringComparison.Ordinal));
    }

    /// <summary>Its caller hung up while it was answered: it may well be done.</summary>
    [Fact]
    public void What_broke_off_is_not_said_to_have_failed()
    {
        _trail.Answered(Request("POST", $"{Base}/instances/{Key}/terminate", "", "ops", WitnessedRequest.Broken));
        Assert.Equal(("unknown", WitnessedRequest.Broken), Lines().Select(row => (row.Outcome, row.Detail)).Single());
    }

    [Fact]
    public void A_key_that_may_not_is_told_by_its_name()
    {
        _trail.Refused(Request("DELETE", "/api/policies/nightly", "", "acme", "key.role"));
        Assert.Equal(("acme", "access.refused", "/api/policies/nightly", "key.role from 10.0.0.1: DELETE"), Lines().Select(row => (row.Who, row.What, row.Subject, row.Detail)).Single());
    }

    [Fact]
    public void A_catalog_that_is_away_keeps_nobody_from_acting()
    {
        var trail = new HostTrail(() => throw new CatalogException("catalog.io", "m", "r"), _clock, NullLogger<HostTrail>.Instance);
        trail.Answered(Request("POST", $"{Base}/instances/{Key}/terminate", "", "ops", code: null));
        trail.Refused(Request("GET", "/api/snapshots", "", null, "key.wrong"));
    }

    public void Dispose()
    {
        _catalog.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private IReadOnlyList<AuditRow> Lines() => _audit.List(null, 0, 1000);

    private static WitnessedRequest Request(string method, string path, string query, string? caller, string? code, string address = "10.0.0.1") =>
        new(caller, address, method, path, [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)], new QueryCollection(Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(query) ?? new Dictionary<string, StringValues>()), code);
}
