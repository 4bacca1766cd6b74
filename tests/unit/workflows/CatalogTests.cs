using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

public sealed class CatalogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("swf-catalog").FullName;
    private CatalogDatabase _database;

    public CatalogTests() => _database = Open();

    [Fact]
    public void The_same_key_and_body_is_the_same_instance_and_another_body_is_refused()
    {
        var ledger = new IdempotencyLedger(_database, TimeProvider.System);
        Assert.Equal(new RequestClaim(Key(1), ClaimOutcome.New), ledger.Claim("c", "r", "k", "h", Key(1)));
        Reopen();
        ledger = new IdempotencyLedger(_database, TimeProvider.System);
        Assert.Equal(new RequestClaim(Key(1), ClaimOutcome.Repeated), ledger.Claim("c", "r", "k", "h", Key(2)) with { Age = default, At = default });
        Assert.Equal(new RequestClaim(Key(1), ClaimOutcome.OtherBody), ledger.Claim("c", "r", "k", "other", Key(2)) with { Age = default, At = default });
        Assert.Equal(ClaimOutcome.New, ledger.Claim("another caller", "r", "k", "h", Key(3)).Outcome);
        Assert.Equal(ClaimOutcome.New, ledger.Claim("c", "another route", "k", "h", Key(4)).Outcome);
    }

    [Fact]
    public void An_intent_tells_whether_an_earlier_attempt_had_it()
    {
        var intents = new IntentLedger(_database, TimeProvider.System);
        Assert.True(intents.Intend(Key(1), "clone", "solidfire", "cluster", "name"));
        Assert.False(intents.Intend(Key(1), "clone", "solidfire", "cluster", "name"));
        intents.Made(Key(1), "clone", "7:9");
        Assert.Equal(("made", "7:9"), (intents.Find(Key(1), "clone")!.State, intents.Find(Key(1), "clone")!.ObjectId));
        intents.Gone(Key(1), "clone");
        Assert.Empty(intents.Open(Key(1)));
        Assert.True(intents.Intend(Key(1), "clone", "solidfire", "cluster", "name"));
    }

    [Fact]
    public void A_new_intent_forgets_the_id_of_the_one_before()
    {
        var intents = new IntentLedger(_database, TimeProvider.System);
        intents.Intend(Key(1), "clone", "solidfire", "cluster", "name");
        intents.Made(Key(1), "clone", "7:9");
        intents.Gone(Key(1), "clone");
        intents.Intend(Key(1), "clone", "solidfire", "cluster", "name");
        Assert.Null(intents.Find(Key(1), "clone")!.ObjectId);
    }

    [Fact]
    public void A_listing_pages_through_everything_once_newest_first()
    {
        var index = new SnapshotIndex(_database);
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        for (var i = 0; i < 25; i++)
        {
            index.Upsert(new SnapshotRow { Key = Key(i), VolumeId = i % 2 == 0 ? "even" : "odd", Caller = "c", CreatedAt = start.AddMinutes(i / 3), Status = new SnapshotStatus { State = SnapshotState.BackedUp } });
        }

        var seen = new List<SnapshotRow>();
        var query = new SnapshotQuery { Top = 4 };
        do
        {
            var page = index.List(query);
            seen.AddRange(page.Rows);
            query = query with { After = page.Next };
        }
        while (query.After is not null);

        Assert.Equal(25, seen.Select(row => row.Key).Distinct().Count());
        Assert.Equal(seen.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Key.Value, StringComparer.Ordinal).Select(row => row.Key), seen.Select(row => row.Key));
        Assert.Equal(13, index.List(new SnapshotQuery { VolumeId = "even" }).Rows.Count);
    }

    [Fact]
    public void A_catalog_of_a_newer_format_is_refused()
    {
        _database.Write("test", (connection, transaction) =>
        {
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "PRAGMA user_version=99";
            return command.ExecuteNonQuery();
        });
        _database.Dispose();
        Assert.Equal("catalog.newer", Assert.Throws<CatalogException>(Open).Code);
    }

    /// <summary>As where a step outlives the service's patience at its stop.</summary>
    [Fact]
    public void A_catalog_is_not_closed_under_whoever_is_at_work_on_it()
    {
        var closing = new Thread(_database.Dispose);
        var (asked, closed) = (0L, false);
        _database.Read(connection =>
        {
            closing.Start();
            SpinWait.SpinUntil(() => closing.ThreadState is ThreadState.WaitSleepJoin or ThreadState.Stopped);
            closed = !closing.IsAlive;
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT 1";
            return asked = closed ? 0 : (long)command.ExecuteScalar()!;
        });
        closing.Join();
        Assert.Equal((1L, false), (asked, closed));
    }

    [Fact]
    public void A_file_that_is_no_catalog_is_refused_with_a_remedy()
    {
        var path = Path.Combine(_folder, "garbage.db");
        File.WriteAllText(path, new string('x', 8192));
        var refused = Assert.Throws<CatalogException>(() => new CatalogDatabase(path));
        Assert.Equal("catalog.unreadable", refused.Code);
        Assert.NotEqual("", refused.Remedy);
    }

    [Fact]
    public void Its_files_are_for_their_owner_alone_also_those_of_an_older_program()
    {
        if (OperatingSystem.IsWindows()) return;
        _database.Dispose();
        File.SetUnixFileMode(Path.Combine(_folder, "catalog.db"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        _database = Open();
        new IdempotencyLedger(_database, TimeProvider.System).Claim("c", "r", "k", "h", Key(1));
        foreach (var file in Directory.GetFiles(_folder)) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.True(Directory.GetFiles(_folder).Length >= 2, "the database and its journal");
    }

    public void Dispose()
    {
        _database.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static RequestKey Key(int n) => new(n.ToString("x32"));

    private CatalogDatabase Open() => new(Path.Combine(_folder, "catalog.db"));

    private void Reopen()
    {
        _database.Dispose();
        _database = Open();
    }
}
