using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Tests.Support.Postgres;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>What ledger and index promise, whatever they lie on.</summary>
public abstract class CatalogContract : IAsyncLifetime
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    protected abstract Task<CatalogDatabase> OpenAsync();

    /// <summary>Another, empty one of the same kind.</summary>
    protected abstract Task<CatalogDatabase> OpenEmptyAsync();

    private CatalogDatabase Database { get; set; } = null!;

    protected string Folder { get; } = Directory.CreateTempSubdirectory("swf-catalog").FullName;

    public async ValueTask InitializeAsync() => Database = await OpenAsync();

    public ValueTask DisposeAsync()
    {
        Database.Dispose();
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Everything_that_is_written_is_read_back_after_a_restart()
    {
        var requests = new IdempotencyLedger(Database, TimeProvider.System);
        Assert.Equal(ClaimOutcome.New, requests.Claim("c", "r", "k", "h", Key(1)).Outcome);
        var intents = new IntentLedger(Database, TimeProvider.System);
        Assert.True(intents.Intend(Key(1), "freeze", "guest", "vm", "marker"));
        Assert.True(intents.Intend(Key(1), "clone", "solidfire", "cluster", "name"));
        intents.Made(Key(1), "clone", "7:9");
        new AuditTrail(Database, TimeProvider.System).Add("who", "what", "subject", "done");
        new AuditTrail(Database, TimeProvider.System).Add("who", "what", "other", "done", "detail");
        var events = new EventLedger(Database, TimeProvider.System);
        Assert.True(events.Accept(new CloudEvent("e1", "SNAPSHOT.CREATE", "s")));
        Assert.False(events.Accept(new CloudEvent("e1", "SNAPSHOT.CREATE", "other")));
        new UpkeepReports(Database, TimeProvider.System).Save("leaks", "{}");
        new UpkeepReports(Database, TimeProvider.System).Save("leaks", "{\"n\":2}");
        var policies = new PolicyLedger(Database, TimeProvider.System);
        Assert.NotNull(policies.Put(Policy(), "test", expectedRevision: 0));
        Assert.Null(policies.Put(Policy(), "test", expectedRevision: 7));

        Database.Dispose();
        Database = await OpenAsync();
        Assert.Equal(ClaimOutcome.Repeated, new IdempotencyLedger(Database, TimeProvider.System).Claim("c", "r", "k", "h", Key(2)).Outcome);
        intents = new IntentLedger(Database, TimeProvider.System);
        Assert.Equal("7:9", intents.Find(Key(1), "clone")!.ObjectId);
        Assert.Equal("freeze", Assert.Single(intents.OpenUnlisted(DateTimeOffset.UtcNow.AddHours(1))).Role);
        Assert.Empty(intents.OpenUnlisted(DateTimeOffset.UtcNow.AddHours(-1)));
        Assert.True(intents.Knows(Key(1), "clone", "CLUSTER"));
        Assert.False(intents.Knows(Key(1), "clone", "another"));
        Assert.False(intents.Knows(Key(1), "snap", "cluster"));
        var audit = new AuditTrail(Database, TimeProvider.System);
        Assert.Equal(2, audit.List(null, 0, 10).Count);
        Assert.Equal("detail", Assert.Single(audit.List("other", 0, 10)).Detail);
        events = new EventLedger(Database, TimeProvider.System);
        Assert.Equal("s", Assert.Single(events.Waiting(10)).EntityId);
        events.Started("e1");
        Assert.Empty(events.Waiting(10));
        Assert.Equal(1, events.Forget(DateTimeOffset.UtcNow.AddHours(1)));
        Assert.Equal("{\"n\":2}", new UpkeepReports(Database, TimeProvider.System).Find("leaks"));
        Assert.Equal(1, new PolicyLedger(Database, TimeProvider.System).Find("p")!.Revision);
    }

    [Fact]
    public async Task A_copy_is_a_catalog_by_itself_and_fills_an_empty_one_of_either_kind()
    {
        new IdempotencyLedger(Database, TimeProvider.System).Claim("c", "r", "k", "h", Key(1));
        new IntentLedger(Database, TimeProvider.System).Intend(Key(1), "freeze", "guest", "vm", "marker");
        new PolicyLedger(Database, TimeProvider.System).Put(Policy(), "test", expectedRevision: 0);
        new EventLedger(Database, TimeProvider.System).Accept(new CloudEvent("e1", "SNAPSHOT.CREATE", "s"));
        new UpkeepReports(Database, TimeProvider.System).Save("leaks", "{\"ü\":2}");
        for (var i = 0; i < 3; i++) new SnapshotIndex(Database).Upsert(Row(i) with { Account = i == 0 ? null : "a" });
        for (var i = 0; i < 3; i++) new AuditTrail(Database, TimeProvider.System).Add("who", "what", $"s{i}", "done", i == 1 ? null : "detail");
        var before = All(Database);

        // What a process that died in a copy has left is not taken for a part of this one.
        foreach (var suffix in (string[])["", "-wal"]) await File.WriteAllTextAsync(Database.Copy() + suffix, "half", TestContext.Current.CancellationToken);
        var file = Database.Copy();
        try
        {
            new AuditTrail(Database, TimeProvider.System).Add("who", "later", "s", "done");
            Assert.Equal([file], Directory.GetFiles(Path.GetDirectoryName(file)!, Path.GetFileName(file) + "*"));
            using var copy = new CatalogDatabase(file, mustExist: true);
            Assert.Equal(before, All(copy));
            using var target = await OpenEmptyAsync();
            target.FillFrom(copy);
            Assert.Equal(before, All(target));
            var last = new AuditTrail(target, TimeProvider.System).List(null, 0, 10)[^1].Id;
            new AuditTrail(target, TimeProvider.System).Add("who", "after", "s", "done");
            Assert.True(new AuditTrail(target, TimeProvider.System).List(null, 0, 10)[^1].Id > last);

            var refused = Assert.Throws<CatalogException>(() => Database.FillFrom(copy));
            Assert.Equal("catalog.not-empty", refused.Code);
            Assert.Equal(before.Count + 1, All(Database).Count);
        }
        finally
        {
            CatalogDatabase.Remove(file);
        }
    }

    /// <summary>A table that a later format adds must not be forgotten by backups.</summary>
    [Fact]
    public void Every_table_is_carried_over()
    {
        var made = System.Text.RegularExpressions.Regex.Matches(string.Concat(Schema.Steps), "CREATE TABLE (\\w+)").Select(match => match.Groups[1].Value);
        Assert.Equal(made, CatalogTransfer.Tables);
    }

    private static List<string> All(CatalogDatabase catalog) => catalog.Read(connection => CatalogTransfer.Tables.SelectMany(table =>
    {
        using var read = connection.Command(null, $"SELECT * FROM {table}");
        return read.All(row => $"{table}: {string.Join(", ", Enumerable.Range(0, row.FieldCount).Select(column => $"{row.GetName(column)}={(row.IsDBNull(column) ? "null" : row.GetValue(column))}"))}");
    }).Order(StringComparer.Ordinal).ToList());

    [Fact]
    public void A_listing_pages_and_filters_and_usage_outlives_the_row()
    {
        var index = new SnapshotIndex(Database);
        for (var i = 0; i < 25; i++) index.Upsert(Row(i) with { Account = i % 2 == 0 ? "even" : "odd" });
        var seen = new List<SnapshotRow>();
        var query = new SnapshotQuery { Top = 4 };
        do
        {
            var page = index.List(query);
            seen.AddRange(page.Rows);
            query = query with { After = page.Next };
        }
        while (query.After is not null);

        Assert.Equal(seen.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Key.Value, StringComparer.Ordinal).Select(row => row.Key), seen.Select(row => row.Key));
        Assert.Equal(25, seen.Count);
        Assert.Equal(25, index.CopiesOf("p").Count);
        Assert.Equal(25, index.AllBackedUp().Count);
        Assert.Single(index.List(new SnapshotQuery { VolumeId = "v3", State = SnapshotState.BackedUp }).Rows);

        var before = index.Digest();
        Assert.True(index.Change(Key(3), row => row with { Held = true }));
        Assert.NotEqual(before.Hash, index.Digest().Hash);
        Assert.False(index.Change(Key(99), row => row));

        index.Change(Key(4), row => row with { DeletedAt = s_start.AddDays(2), Status = row.Status with { State = SnapshotState.Destroyed } });
        var usage = new UsageLedger(Database);
        Assert.Equal(25, usage.List(s_start, s_start.AddDays(9), null, null, "", 100).Count);
        Assert.Equal(13, usage.List(s_start, s_start.AddDays(9), ["even"], null, "", 100).Count);
        Assert.Equal(25, usage.List(s_start, s_start.AddDays(9), ["even", "odd"], null, "", 100).Count);
        Assert.Equal(13, usage.List(s_start, s_start.AddDays(9), null, "even", "", 100).Count);
        Assert.Empty(usage.List(s_start, s_start.AddDays(9), ["odd"], "even", "", 100));
        Assert.Empty(usage.List(s_start, s_start.AddDays(9), [], null, "", 100));
        Assert.Equal(24, usage.List(s_start.AddDays(3), s_start.AddDays(9), null, null, "", 100).Count);
        var gone = usage.List(s_start, s_start.AddDays(9), null, null, "", 100).Single(record => record.SnapshotId == Key(4).Uuid);
        Assert.Equal((1024, 100L, s_start.AddDays(2)), ((int)gone.SecondaryVirtualBytes, gone.SecondaryPhysicalBytes, gone.DeletedAt));
        Assert.Equal(usage.List(s_start, s_start.AddDays(9), null, null, "", 100).Skip(10).Take(3), usage.List(s_start, s_start.AddDays(9), null, null, usage.List(s_start, s_start.AddDays(9), null, null, "", 10)[^1].SnapshotId, 3));
    }

    /// <summary>A group's members have their records before the group keeps their snapshots; one that stays on the array alone has none yet.</summary>
    [Fact]
    public void What_a_kept_snapshot_occupies_is_told_whichever_comes_first()
    {
        var (index, usage) = (new SnapshotIndex(Database), new UsageLedger(Database));
        usage.KeptOnPrimary(Key(1).Uuid, 4096);
        usage.KeptOnPrimary(Key(1).Uuid, 8192);
        index.Upsert(Row(1) with { Primary = new ArrayVolume("c", 1), Status = Row(1).Status with { State = SnapshotState.CreatedOnPrimary, Ended = true } });
        index.Upsert(Row(2) with { Primary = new ArrayVolume("c", 2) });
        usage.KeptOnPrimary(Key(2).Uuid, 12288);
        index.Upsert(Row(2) with { Primary = new ArrayVolume("c", 2), Name = "again" });
        index.Upsert(Row(3));
        index.Change(Key(2), row => row with { DeletedAt = s_start.AddDays(2), Primary = null, Status = row.Status with { State = SnapshotState.Destroyed } });
        Assert.Equal(
            [(Key(1).Uuid, 8192L), (Key(2).Uuid, 12288L), (Key(3).Uuid, null)],
            usage.List(s_start, s_start.AddDays(9), null, null, "", 100).Select(record => (record.SnapshotId, record.PrimaryPhysicalBytes)).OrderBy(one => one.SnapshotId == Key(1).Uuid ? 1 : one.SnapshotId == Key(2).Uuid ? 2 : 3));
    }

    /// <summary>A copy whose manifest vanished, and one that turned out to be another installation's, must not count for ever; one that is found again counts on.</summary>
    [Fact]
    public void What_is_there_no_more_is_closed_and_what_is_there_again_is_open()
    {
        var clock = new Tests.Support.Time.ManualTimeProvider();
        clock.AdvanceTo(s_start.AddDays(5));
        var (index, usage) = (new SnapshotIndex(Database, clock), new UsageLedger(Database));
        var missing = new StepNotice("manifest.missing", "m", "r", "");
        index.Upsert(Row(1));
        index.Upsert(Row(2));
        index.Upsert(Row(3) with { Primary = new ArrayVolume("c", 3) });
        index.Change(Key(1), row => row with { Status = row.Status with { State = SnapshotState.Error, Failure = missing } });
        index.Remove(Key(2));
        index.Change(Key(3), row => row with { Status = row.Status with { State = SnapshotState.Error, Failure = missing } });

        Assert.Equal(s_start.AddDays(5), Of(1).DeletedAt);
        Assert.Equal(s_start.AddDays(5), Of(2).DeletedAt);
        Assert.Equal((0L, 0L, 1024L, null), (Of(3).SecondaryVirtualBytes, Of(3).SecondaryPhysicalBytes, Of(3).PrimaryVirtualBytes, Of(3).DeletedAt));

        clock.AdvanceTo(s_start.AddDays(6));
        index.Upsert(Row(1));
        index.Upsert(Row(3) with { Primary = new ArrayVolume("c", 3) });
        Assert.Equal((100L, null), (Of(1).SecondaryPhysicalBytes, Of(1).DeletedAt));
        Assert.Equal((1024L, 100L), (Of(3).SecondaryVirtualBytes, Of(3).SecondaryPhysicalBytes));

        // What a rebuild cannot know (its chunks) is not forgotten by it.
        index.Change(Key(1), row => row with { Status = row.Status with { OccupiedBytes = 900 } });
        index.Upsert(Row(1));
        Assert.Equal(900, Of(1).SecondaryPhysicalBytes);

        UsageRecord Of(int n) => usage.List(s_start.AddYears(-1), s_start.AddYears(9), null, null, "", 100).Single(record => record.SnapshotId == Key(n).Uuid);
    }

    /// <summary>CloudStack's account names are unique within a domain only.</summary>
    [Fact]
    public void A_scope_shows_its_own_domains_rows_and_no_rows_without_a_domain()
    {
        var (mine, theirs) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        var index = new SnapshotIndex(Database);
        index.Upsert(Row(1) with { Account = "acme", DomainId = mine });
        index.Upsert(Row(2) with { Account = "acme", DomainId = theirs });
        index.Upsert(Row(3) with { Account = "acme" });
        Assert.Equal(Key(1), Assert.Single(index.List(new SnapshotQuery { Accounts = [$"{mine}/acme"] }).Rows).Key);
        Assert.Equal(Key(1).Uuid, Assert.Single(new UsageLedger(Database).List(s_start, s_start.AddDays(9), [$"{mine}/acme"], null, "", 100)).SnapshotId);
        Assert.Equal(3, index.List(new SnapshotQuery()).Rows.Count);
    }

    [Fact]
    public void A_projected_end_is_one_row_of_the_audit_trail_however_often_it_is_written()
    {
        var index = new SnapshotIndex(Database);
        var audit = new AuditTrail(Database, TimeProvider.System);
        var row = Row(1) with { Caller = "ops" };
        index.Project(row with { Status = row.Status with { Ended = false } });
        Assert.Empty(audit.List(null, 0, 100));
        index.Project(row);
        index.Project(row);
        var failed = Row(2);
        index.Project(failed with { Status = failed.Status with { State = SnapshotState.Error, Failure = new StepNotice("array.no-volume", "m", "r", "s") } });
        var cancelled = Row(3);
        index.Project(cancelled with { Status = cancelled.Status with { State = SnapshotState.Error, Failure = new StepNotice("cancelled", "m", "r", "s") } });
        Assert.Equal(
            [("ops", "snapshot.create", Key(1).Uuid, "done"), (failed.Caller, "snapshot.create", Key(2).Uuid, "failed"), (cancelled.Caller, "snapshot.create", Key(3).Uuid, "cancelled")],
            audit.List(null, 0, 100).Select(entry => (entry.Who, entry.What, entry.Subject, entry.Outcome)));
    }

    [Fact]
    public void Rows_of_what_was_deleted_or_failed_are_kept_from_then_on()
    {
        var clock = new Tests.Support.Time.ManualTimeProvider();
        var index = new SnapshotIndex(Database, clock);
        var ages = new CatalogAges(TimeSpan.FromDays(400), TimeSpan.FromDays(90), TimeSpan.FromDays(90), TimeSpan.FromDays(400), TimeSpan.FromDays(1100));
        // Long before: more than a page of rows that are not to go, and one behind them that is.
        for (var n = 1; n <= 600; n++) index.Upsert(Row(n) with { CreatedAt = s_start.AddMinutes(n), DeletedAt = s_start.AddDays(n == 600 ? 500 : 899), Status = Row(n).Status with { State = SnapshotState.Destroyed } });
        index.Upsert(Row(601) with { CreatedAt = s_start, Status = Row(601).Status with { State = SnapshotState.BackingUp, Ended = false } });
        index.Upsert(Row(602) with { CreatedAt = s_start, Status = Row(602).Status with { State = SnapshotState.BackingUp, Ended = false } });
        clock.AdvanceTo(s_start.AddDays(850));
        Assert.True(index.Change(Key(601), row => row with { Status = row.Status with { State = SnapshotState.Error, Ended = true } }));
        index.Project(index.Find(Key(602))! with { Status = Row(602).Status with { State = SnapshotState.Error } });
        clock.AdvanceTo(s_start.AddDays(880));
        // Told again: it ended when it did.
        index.Project(index.Find(Key(602))! with { EndedAt = null });

        Assert.Equal(1, new CatalogPruning(Database).Prune(ages, s_start.AddDays(901)));
        Assert.Null(index.Find(Key(600)));
        Assert.Equal(2, new CatalogPruning(Database).Prune(ages, s_start.AddDays(941)));
        Assert.Null(index.Find(Key(601)));
        Assert.Null(index.Find(Key(602)));
        Assert.Equal(599, new CatalogPruning(Database).Prune(ages, s_start.AddDays(1300)));
    }

    [Fact]
    public void Old_rows_are_forgotten_and_nothing_that_stands_for_what_is_there()
    {
        var clock = new Tests.Support.Time.ManualTimeProvider();
        clock.AdvanceTo(s_start);
        var (requests, intents, audit, index, usage) = (new IdempotencyLedger(Database, clock), new IntentLedger(Database, clock), new AuditTrail(Database, clock), new SnapshotIndex(Database, clock), new UsageLedger(Database));
        for (var n = 0; n < 1200; n++) requests.Claim("c", "r", $"old {n}", "h", Key(n));
        foreach (var role in new[] { "gone", "open", "kept" }) intents.Intend(Key(1), role, "solidfire", "s", role);
        intents.Gone(Key(1), "gone");
        intents.Kept(Key(1), "kept", "7");
        audit.Add("w", "x", "s", "done");
        foreach (var (n, state) in new[] { (1, SnapshotState.BackedUp), (2, SnapshotState.Error), (3, SnapshotState.Destroyed), (4, SnapshotState.Destroying), (5, SnapshotState.CreatedOnPrimary) })
            index.Upsert(Row(n) with { CreatedAt = s_start, DeletedAt = state == SnapshotState.Destroyed ? s_start : null, Status = Row(n).Status with { State = state } });
        index.Upsert(Row(6) with { CreatedAt = s_start, Status = Row(6).Status with { State = SnapshotState.Error, Ended = false } });
        // Its copy is lost, and what was kept on the array besides is not.
        index.Upsert(Row(11) with { CreatedAt = s_start, Primary = new ArrayVolume("c", 11), Status = Row(11).Status with { State = SnapshotState.Error } });

        var ages = new CatalogAges(TimeSpan.FromDays(400), TimeSpan.FromDays(90), TimeSpan.FromDays(90), TimeSpan.FromDays(400), TimeSpan.FromDays(1100));
        Assert.Equal(0, new CatalogPruning(Database).Prune(ages, s_start.AddDays(60)));
        clock.AdvanceTo(s_start.AddDays(1099));
        audit.Add("w", "x", "young", "done");
        requests.Claim("c", "r", "young", "h", Key(7));
        Assert.True(new CatalogPruning(Database).Prune(ages, s_start.AddDays(1101)) > 1200);
        Assert.Equal(ClaimOutcome.New, requests.Claim("c", "r", "old 1", "h", Key(8)).Outcome);
        Assert.Equal(ClaimOutcome.Repeated, requests.Claim("c", "r", "young", "h", Key(9)).Outcome);
        clock.AdvanceTo(s_start.AddDays(1100));
        requests.Claim("another", "r", "k", "h", Key(10));
        Assert.Equal([Key(7), Key(8), Key(10)], requests.Of("r").Select(claim => claim.Instance).OrderBy(key => key.Value, StringComparer.Ordinal));
        Assert.Empty(requests.Of("other"));

        // Whoever has not seen all of them looks again; the own one is answered whoever else is there.
        Assert.Null(requests.ClaimUnlessOthers("c", "r", "k", "h", Key(12), [Key(7), Key(8)]));
        Assert.Equal(ClaimOutcome.New, requests.ClaimUnlessOthers("c", "r", "k", "h", Key(12), [Key(7), Key(8), Key(10)])?.Outcome);
        Assert.Equal(ClaimOutcome.Repeated, requests.ClaimUnlessOthers("c", "r", "k", "h", Key(12), [])?.Outcome);
        Assert.Equal(["kept", "open"], intents.Open(Key(1)).Select(intent => intent.Role));
        Assert.False(intents.Knows(Key(1), "gone", "s"));
        Assert.NotNull(index.Find(Key(11)));
        Assert.Equal("young", Assert.Single(audit.List(null, 0, 100)).Subject);
        Assert.Equal([1, 4, 5, 6], Enumerable.Range(1, 6).Where(n => index.Find(Key(n)) is not null));
        Assert.DoesNotContain(usage.List(s_start.AddYears(-1), s_start.AddYears(9), null, null, "", 100), record => record.SnapshotId == Key(3).Uuid);
        Assert.Contains(usage.List(s_start.AddYears(-1), s_start.AddYears(9), null, null, "", 100), record => record.SnapshotId == Key(1).Uuid);
    }

    [Fact]
    public async Task Of_many_at_once_one_claims_and_none_is_lost()
    {
        var claims = await Task.WhenAll(Enumerable.Range(0, 16).Select(n => Task.Run(() => new IdempotencyLedger(Database, TimeProvider.System).Claim("c", "r", "k", "h", Key(n)))));
        Assert.Equal(1, claims.Count(claim => claim.Outcome == ClaimOutcome.New));
        Assert.Single(claims.Select(claim => claim.Instance).Distinct());
        var accepted = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => new EventLedger(Database, TimeProvider.System).Accept(new CloudEvent("one", "t", "s")))));
        Assert.Equal(1, accepted.Count(one => one));
        await Task.WhenAll(Enumerable.Range(0, 16).Select(n => Task.Run(() => new AuditTrail(Database, TimeProvider.System).Add("w", "x", $"{n}", "done"))));
        Assert.Equal(16, new AuditTrail(Database, TimeProvider.System).List(null, 0, 100).Count);
    }

    [Fact]
    public void A_write_that_fails_half_way_leaves_nothing()
    {
        Assert.Throws<InvalidOperationException>(() => Database.Write<int>("test", (connection, transaction) =>
        {
            using var insert = connection.Command(transaction, "INSERT INTO reports (name, at, report) VALUES ('half', 'x', 'x')");
            insert.ExecuteNonQuery();
            throw new InvalidOperationException("as planned");
        }));
        Assert.Null(new UpkeepReports(Database, TimeProvider.System).Find("half"));
    }

    protected static RequestKey Key(int n) => new(n.ToString("x32"));

    private static SnapshotRow Row(int n) => new()
    {
        Key = Key(n), VolumeId = $"v{n}", Caller = "c", Policy = "p", CreatedAt = s_start.AddMinutes(n / 3),
        Status = new SnapshotStatus { State = SnapshotState.BackedUp, Ended = true, DiskBytes = 1024, StoredBytes = 100, Manifest = $"m{n}", Destination = "nfs" },
    };

    private static SnapshotPolicy Policy() => new() { Name = "p", Schedule = "0 0 * * *", Volumes = new PolicyVolumes { Ids = ["x"] }, Keep = new RetentionRule() };
}

public sealed class SqliteCatalogTests : CatalogContract
{
    protected override Task<CatalogDatabase> OpenAsync() => Task.FromResult(new CatalogDatabase(Path.Combine(Folder, "catalog.db")));

    protected override Task<CatalogDatabase> OpenEmptyAsync() => Task.FromResult(new CatalogDatabase(Path.Combine(Folder, "another.db")));
}

public sealed class PostgresCatalogTests(CatalogServer server) : CatalogContract, IClassFixture<CatalogServer>
{
    private string? _database;

    protected override async Task<CatalogDatabase> OpenAsync() => CatalogDatabase.OpenPostgres(_database ??= await server.Cluster.CreateDatabaseAsync(), Folder);

    protected override async Task<CatalogDatabase> OpenEmptyAsync() => CatalogDatabase.OpenPostgres(await server.Cluster.CreateDatabaseAsync(), Folder);

    [Fact]
    public async Task Of_two_that_open_a_new_database_at_once_one_makes_the_tables_and_a_newer_format_is_refused()
    {
        var fresh = await server.Cluster.CreateDatabaseAsync();
        var opened = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => CatalogDatabase.OpenPostgres(fresh, Folder))));
        opened[0].Write("test", (connection, transaction) => connection.Execute(transaction, "UPDATE catalog_format SET version=99"));
        foreach (var one in opened) one.Dispose();
        Assert.Equal("catalog.newer", Assert.Throws<CatalogException>(() => CatalogDatabase.OpenPostgres(fresh, Folder)).Code);
    }

    /// <summary>It may be another machine, whose clock nobody set with ours.</summary>
    [Theory]
    [InlineData(5, false)]
    [InlineData(-7, true)]
    public async Task The_servers_clock_can_contradict_ours(int hours, bool doubted)
    {
        using var catalog = await OpenAsync();
        Assert.Equal(doubted, new ClockWatch(catalog, new Tests.Support.Time.ManualTimeProvider(TimeProvider.System.GetUtcNow().AddHours(hours))).Observe() is not null);
    }

    /// <summary>The driver tells of it in words of its own; whoever waits for the server waits then too, and only what is none of that is a defect.</summary>
    [Fact]
    public async Task A_connection_that_goes_from_under_a_command_is_the_server_that_is_away()
    {
        using var catalog = await OpenAsync();
        Assert.Equal("catalog.io", Assert.Throws<CatalogException>(() => catalog.Read(connection =>
        {
            connection.Close();
            return connection.Execute(null, "SELECT 1");
        })).Code);
        // As of a connection that the driver takes out of its pool in the moment in which it lends it.
        Assert.Equal("catalog.io", Assert.Throws<CatalogException>(() => catalog.Write<int>("test", (_, _) => throw new ObjectDisposedException("System.Threading.ManualResetEventSlim"))).Code);
        Assert.Throws<InvalidOperationException>(() => catalog.Read<int>(_ => throw new InvalidOperationException("a defect")));
        Assert.Equal(1, catalog.Read(connection => Convert.ToInt32(connection.Command(null, "SELECT 1").ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_database_without_a_catalog_is_refused_and_left_empty_where_one_must_be_there()
    {
        var fresh = await server.Cluster.CreateDatabaseAsync();
        for (var i = 0; i < 2; i++) Assert.Equal("catalog.missing", Assert.Throws<CatalogException>(() => CatalogDatabase.OpenPostgres(fresh, Folder, mustExist: true)).Code);
        CatalogDatabase.OpenPostgres(fresh, Folder).Dispose();
        CatalogDatabase.OpenPostgres(fresh, Folder, mustExist: true).Dispose();
    }

    [Fact]
    public void A_server_that_is_not_there_and_a_string_that_is_none_are_refused_without_the_password()
    {
        var away = Assert.Throws<CatalogException>(() => CatalogDatabase.OpenPostgres("Host=127.0.0.1;Port=1;Database=x;Username=u;Password=canary;Timeout=2", Folder));
        Assert.Equal("catalog.unreachable", away.Code);
        Assert.DoesNotContain("canary", away.ToString(), StringComparison.Ordinal);
        var wrong = Assert.Throws<CatalogException>(() => CatalogDatabase.OpenPostgres("Hast=x;Password=canary", Folder));
        Assert.Equal("catalog.connection-string", wrong.Code);
        Assert.DoesNotContain("canary", wrong.ToString(), StringComparison.Ordinal);
    }
}

/// <summary>One PostgreSQL for the class; every test has a database of its own.</summary>
public sealed class CatalogServer : IAsyncLifetime
{
    public PostgresFixture Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await PostgresFixture.StartAsync();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
