using System.Data.Common;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.CatalogSteps;
using SnapshotWorkflows.Activities.SecondarySteps;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Durable;
using SnapshotWorkflows.Durable.Execution;
using SnapshotWorkflows.Functions.Orchestrators;
using SnapshotWorkflows.Secondary.Destinations;
using SnapshotWorkflows.Secondary.DiskRoots;
using SnapshotWorkflows.Secondary.Manifests;
using SnapshotWorkflows.Secondary.Nfs;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.Tests.Crash.World;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>
/// A year of a policy over a hundred volumes, day by day, beside a plain model of its rule. The real ExpireSnapshots judges and proves by its real steps and the real catalog; the copies of ten
/// volumes lie on a real store and are proven and deleted there, those of the others are rows alone.
/// </summary>
public sealed partial class RetentionYear(ITestOutputHelper output) : IDisposable
{
    private const int VolumeCount = 100;
    private const int OnStore = 10;
    private const string Zone = "zone-1";
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 2, 0, 0, TimeSpan.Zero);
    private static readonly SnapshotPolicy s_policy = new()
    {
        Name = "year", Schedule = "0 2 * * *", TimeZone = "Europe/Berlin", Volumes = new PolicyVolumes(), Keep = new RetentionRule { Daily = 3, Weekly = 2, Monthly = 3, MaxAge = TimeSpan.FromDays(80) },
    };

    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"swf-year-{Guid.NewGuid():N}")).FullName;
    private readonly Dictionary<RequestKey, Copy> _model = [];

    [Fact]
    public async Task What_remains_is_what_a_plain_model_keeps_day_by_day_and_doubt_deletes_nothing()
    {
        using var catalog = new DayCatalog(Path.Combine(_folder, "catalog.db"));
        var clock = new ManualTimeProvider();
        clock.AdvanceTo(s_start);
        var run = new Run(catalog, clock, Directory.CreateDirectory(Path.Combine(_folder, "store")).FullName);
        run.Put(s_policy);
        var began = System.Diagnostics.Stopwatch.StartNew();
        var deleted = 0;
        for (var day = 0; day < 365; day++)
        {
            clock.AdvanceTo(s_start.AddDays(day));
            var rows = new List<SnapshotRow>();
            for (var volume = 0; volume < VolumeCount; volume++)
            {
                // Some days fail, some copies are never proven in full, some are held.
                if ((day + volume) % 29 == 0) continue;
                var copy = new Copy(volume, clock.GetUtcNow().AddMinutes(-volume), Good: (day * 7 + volume) % 181 != 0, Held: day % 181 == volume % 181);
                _model.Add(await run.TakeAsync(copy, rows), copy);
            }

            catalog.InOne(() => run.Write(rows));
            var before = _model.Count;
            foreach (var key in Gone(clock.GetUtcNow())) _model.Remove(key);
            deleted += before - _model.Count;
            var result = await run.ExpireAsync();
            Assert.Empty(result.Left);
            Assert.Equal(before - _model.Count, result.Expired);
            Assert.Equal(_model.Keys.Order(KeyOrder.Instance), run.Remaining().Order(KeyOrder.Instance));
        }

        Assert.True(deleted > 25_000, $"only {deleted} were let go");
        Assert.Equal(_model.Count(copy => copy.Value.Volume < OnStore), run.ManifestsOnStore());
        output.WriteLine($"{deleted} let go, {_model.Count} remain, {began.Elapsed.TotalSeconds:0.0} s");

        // The newest copy of a volume is a row without its data: a day later nothing of that volume goes, everything else that should does.
        var stale = _model.Where(copy => copy.Value is { Volume: 0, Good: true }).MaxBy(copy => copy.Value.TakenAt).Key;
        run.Lose(stale);
        clock.AdvanceTo(s_start.AddDays(366));
        for (var volume = 0; volume < 2; volume++)
        {
            var copy = new Copy(volume, clock.GetUtcNow(), Good: true, Held: false);
            _model.Add(await run.TakeAsync(copy), copy);
        }

        var kept = run.Remaining().Count(key => _model[key].Volume == 0);
        var gone = Gone(clock.GetUtcNow()).ToList();
        var doubtful = await run.ExpireAsync();
        Assert.Contains(doubtful.Left, left => left.Code == "retention.survivor-missing");
        Assert.Equal(kept, run.Remaining().Count(key => _model[key].Volume == 0));
        Assert.Equal(gone.Count(key => _model[key].Volume != 0), doubtful.Expired);
        foreach (var key in gone.Where(key => _model[key].Volume != 0)) _model.Remove(key);

        // A listing that lost its newest rows: nothing goes that the whole one would keep.
        var hidden = run.HideNewest(days: 5);
        var truncated = await run.ExpireAsync();
        Assert.Equal(0, truncated.Expired);
        run.Show(hidden);
        await CutListingsAsync(catalog, run, clock);

        // The clock jumps a year ahead: almost everything would be too old, and such a run waits for a person, who says nothing.
        var all = run.Remaining().Count;
        clock.AdvanceTo(s_start.AddDays(366 + 365));
        var ahead = await run.ExpireAsync();
        Assert.Equal(0, ahead.Expired);
        Assert.Contains(ahead.Left, left => left.Code == "retention.not-approved");
        Assert.Equal(all, run.Remaining().Count);

        // So it does when the jump is a month, and no share of copies looks large.
        var month = new Run(catalog, new Frozen(s_start.AddDays(366 + 30)), Path.Combine(_folder, "store")) { Volumes = run.Volumes };
        Assert.Equal(0, (await month.ExpireAsync()).Expired);
        Assert.Equal(all, run.Remaining().Count);

        // And it jumps back behind the copies: by such a clock nothing is judged at all.
        var back = new Run(catalog, new Frozen(s_start.AddDays(100)), Path.Combine(_folder, "store"));
        Assert.Equal("retention.clock", (await Assert.ThrowsAsync<StepFaultException>(() => back.ExpireAsync())).Fault.Code);
        Assert.Equal(all, run.Remaining().Count);
    }

    [Theory]
    [InlineData("nothing", 23)]
    [InlineData("survivor lost", 0)]
    [InlineData("one damaged", 22)]
    [InlineData("keep raised", 0)]
    [InlineData("keep lowered", 23)]
    [InlineData("policy disabled", 0)]
    [InlineData("policy deleted", 0)]
    [InlineData("refused", 0)]
    public async Task What_happens_while_a_person_thinks_counts_when_the_answer_comes(string meanwhile, int goes)
    {
        using var catalog = new DayCatalog(Path.Combine(_folder, "catalog.db"));
        var clock = new ManualTimeProvider();
        var run = new Run(catalog, clock, Directory.CreateDirectory(Path.Combine(_folder, "store")).FullName);
        var keys = new List<RequestKey>();
        for (var day = 0; day < 30; day++)
        {
            clock.AdvanceTo(s_start.AddDays(day));
            keys.Add(await run.TakeAsync(new Copy(0, clock.GetUtcNow(), Good: true, Held: false)));
        }

        var week = s_policy with { Keep = new RetentionRule { Daily = 7 } };
        run.Put(week);
        run.Answer = async () =>
        {
            if (meanwhile == "survivor lost") run.Lose(keys[^1]);
            if (meanwhile == "one damaged") await run.DamageAsync(keys[^3]);
            if (meanwhile == "keep raised") run.Put(week with { Keep = new RetentionRule { Daily = 30 } });
            // Nobody was asked about the four that would go besides.
            if (meanwhile == "keep lowered") run.Put(week with { Keep = new RetentionRule { Daily = 3 } });
            if (meanwhile == "policy disabled") run.Put(week with { Enabled = false });
            if (meanwhile == "policy deleted") run.Remove();
            return meanwhile != "refused";
        };
        var result = await run.ExpireAsync();
        Assert.Equal(goes, result.Expired);
        Assert.Equal(30 - goes, run.Remaining().Count);
        Assert.Equal(["asks", .. meanwhile is "keep raised" or "policy disabled" or "policy deleted" ? Array.Empty<string>() : [result.Left.Count == 0 ? "done" : "failed"]], run.Audited);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The rule in plain words, written without a look at the product's: which copies are in none of the sets that keep one.</summary>
    private IEnumerable<RequestKey> Gone(DateTimeOffset now)
    {
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        foreach (var volume in _model.GroupBy(copy => copy.Value.Volume))
        {
            var good = volume.Where(copy => copy.Value.Good).OrderByDescending(copy => copy.Value.TakenAt).ToList();
            var young = good.Where(copy => now - copy.Value.TakenAt <= TimeSpan.FromDays(80)).ToList();
            var keep = new HashSet<RequestKey>(volume.Where(copy => copy.Value.Held || !copy.Value.Good).Select(copy => copy.Key));
            if (good.Count > 0) keep.Add(good[0].Key);
            keep.UnionWith(young.GroupBy(copy => Local(copy.Value).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)).Take(3).Select(day => day.First().Key));
            keep.UnionWith(young.GroupBy(copy => Local(copy.Value).Date.AddDays(-(((int)Local(copy.Value).DayOfWeek + 6) % 7))).Take(2).Select(week => week.First().Key));
            keep.UnionWith(young.GroupBy(copy => Local(copy.Value).ToString("yyyy-MM", CultureInfo.InvariantCulture)).Take(3).Select(month => month.First().Key));
            foreach (var copy in volume.Where(copy => !keep.Contains(copy.Key))) yield return copy.Key;
        }

        DateTime Local(Copy copy) => TimeZoneInfo.ConvertTime(copy.TakenAt, berlin).DateTime;
    }

    private sealed record Copy(int Volume, DateTimeOffset TakenAt, bool Good, bool Held);

    private sealed class KeyOrder : IComparer<RequestKey>
    {
        public static readonly KeyOrder Instance = new();

        public int Compare(RequestKey x, RequestKey y) => string.CompareOrdinal(x.Value, y.Value);
    }

    /// <summary>A day's rows in one transaction: a commit for each of 36,500 would be most of this test's time.</summary>
    private sealed class DayCatalog(string path) : CatalogDatabase(path)
    {
        private (DbConnection Connection, DbTransaction Transaction)? _open;

        public void InOne(Action write) => base.Write("day", (connection, transaction) =>
        {
            _open = (connection, transaction);
            try
            {
                write();
            }
            finally
            {
                _open = null;
            }

            return 0;
        });

        public override T Write<T>(string what, Func<DbConnection, DbTransaction, T> write) => _open is { } open ? write(open.Connection, open.Transaction) : base.Write(what, write);
    }

    private sealed class Frozen(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    /// <summary>The workflow run straight, without a hub: steps are called as they come.</summary>
    private sealed class Run(CatalogDatabase catalog, TimeProvider time, string store, SolidFireArrays? arrays = null) : IActivityExecution
    {
        private readonly SolidFireArrays _arrays = arrays ?? new SolidFireArrays([], _ => throw new NotSupportedException(), time, NullLogger<SolidFireClient>.Instance);
        private readonly SnapshotIndex _index = new(catalog);
        private readonly PolicyLedger _policies = new(catalog, time);
        private readonly List<RequestKey> _destroyed = [];
        private readonly SecondaryDestinations _destinations = new(Options(store), time: TimeProvider.System);

        public Dictionary<RequestKey, int> Volumes { get; init; } = [];

        public CancellationToken CancellationToken => TestContext.Current.CancellationToken;

        public int Attempt => 1;

        public string InstanceId => new('0', 32);

        public int TaskId => 1;

        public ValueTask ReportProgressAsync(object progress) => ValueTask.CompletedTask;

        /// <summary>What a person says when asked, and does before; null: nobody answers.</summary>
        public Func<Task<bool>>? Answer { get; set; }

        public bool? Word { get; private set; }

        /// <summary>Called at each deletion, before it.</summary>
        public Func<RequestKey, Task>? Deleting { get; set; }

        /// <summary>As the minute's tick looks at it, in the same process.</summary>
        public ClockWatch Clock { get; } = new(catalog, time);

        /// <summary>Outcomes that were noted.</summary>
        public List<string> Audited { get; } = [];

        public void Put(SnapshotPolicy policy) => _policies.Put(policy, "test");

        public void Remove() => _policies.Remove(s_policy.Name);

        /// <summary>As a scrub would note it: in the row, and beside the manifest.</summary>
        public Task DamageAsync(RequestKey key) => new MarkSnapshot(_index, _destinations, NullLogger<MarkSnapshot>.Instance, this).RunAsync(null!, new MarkSnapshotInput(key) { DamagedAt = time.GetUtcNow() });

        /// <summary>As a catalog from before the damage knows it.</summary>
        public void ForgetDamage(RequestKey key) => _index.Change(key, row => row with { DamagedAt = null });

        public DateTimeOffset? DamagedAt(RequestKey key) => _index.Find(key)!.DamagedAt;

        /// <summary>Makes the index anew from the store, of which a listing shows only so many objects.</summary>
        public Task<RebuildReport> RebuildAsync(int shown) => new CatalogRebuild(new SecondaryDestinations(Options(store), options => new CutListing(new FolderStore(
            new FolderStoreOptions { Name = options.Name, Path = options.Path, RequireMount = false, MinimumFreeBytes = 0 }), shown), TimeProvider.System), _index, Ours()).RunAsync(null, CancellationToken);

        public Task<ExpireSnapshotsResult> ExpireAsync() => new ExpireSnapshots().RunAsync(new Straight(this, time), new ExpireSnapshotsInput(s_policy));

        public List<RequestKey> Remaining()
        {
            Flush();
            return catalog.Read(connection =>
            {
                using var read = connection.CreateCommand();
                read.CommandText = "SELECT id FROM snapshots WHERE policy='year' AND state='BackedUp'";
                using var reader = read.ExecuteReader();
                var keys = new List<RequestKey>();
                while (reader.Read()) keys.Add(new RequestKey(reader.GetString(0)));
                return keys;
            });
        }

        /// <summary>Deleted rows in one transaction a day: a commit for each would be most of this test's time.</summary>
        private void Flush()
        {
            if (_destroyed.Count == 0) return;
            catalog.Write("destroyed", (connection, transaction) =>
            {
                using var update = connection.CreateCommand();
                update.Transaction = transaction;
                update.CommandText = $"UPDATE snapshots SET state='Destroyed' WHERE id IN ({string.Join(',', _destroyed.Select(key => $"'{key.Value}'"))})";
                return update.ExecuteNonQuery();
            });
            _destroyed.Clear();
        }

        public int ManifestsOnStore() => Directory.GetFiles(store, "*.manifest.json", SearchOption.AllDirectories).Length;

        public void Lose(RequestKey key) => File.Delete(Path.Combine(store, _index.Find(key)!.Status.Location!));

        public List<SnapshotRow> HideNewest(int days)
        {
            var rows = _index.CopiesOf(s_policy.Name).Where(row => time.GetUtcNow() - row.CreatedAt < TimeSpan.FromDays(days)).ToList();
            foreach (var row in rows) _index.Upsert(row with { Policy = "hidden" });
            return rows;
        }

        public void Show(IEnumerable<SnapshotRow> rows)
        {
            foreach (var row in rows) _index.Upsert(row);
        }

        public void Write(IEnumerable<SnapshotRow> rows)
        {
            foreach (var row in rows) _index.Upsert(row);
        }

        /// <param name="later">Takes the row in the place of the catalog; null writes it.</param>
        public async Task<RequestKey> TakeAsync(Copy copy, List<SnapshotRow>? later = null)
        {
            var volume = new Guid(copy.Volume + 1, 0, 0, new byte[8]).ToString("D");
            var key = new RequestKey(NameUuid.From($"{copy.Volume} {copy.TakenAt:O}").ToString("N"));
            var address = new SnapshotAddress(Zone, volume, key.Uuid);
            var data = SnapshotLocations.DataFile(address, key.Uuid);
            if (copy.Volume < OnStore) await PutAsync(copy, volume, key, data);
            Volumes[key] = copy.Volume;
            var row = new SnapshotRow
            {
                Key = key, VolumeId = volume, Caller = "test", Policy = s_policy.Name, CreatedAt = copy.TakenAt, Held = copy.Held,
                Status = new SnapshotStatus
                {
                    State = SnapshotState.BackedUp, Ended = true, TakenAt = copy.TakenAt, Destination = copy.Volume < OnStore ? "nfs1" : "elsewhere", Manifest = SnapshotLocations.Manifest(address), Location = data, DiskBytes = 4096,
                    Verified = new VerifiedMark(copy.Good ? "full" : "sample", copy.TakenAt),
                },
            };
            if (later is null) _index.Upsert(row);
            else later.Add(row);
            return key;
        }

        public async Task<object?> StepAsync(string name, object? input)
        {
            switch (name)
            {
                case StepNames.JudgeCopies:
                    Flush();
                    return await new JudgeCopies(_index, _policies, Clock, _arrays, time, Microsoft.Extensions.Logging.Abstractions.NullLogger<JudgeCopies>.Instance, this).RunAsync(null!, (JudgeCopiesInput)input!);
                case StepNames.ProveCopies:
                    var keys = ((ProveCopiesInput)input!).Snapshots.Where(key => VolumeOf(key) < OnStore).ToList();
                    return keys.Count == 0 ? new ProvenCopies([]) : await new ProveCopies(_index, _destinations, this).RunAsync(null!, new ProveCopiesInput(keys));
                case StepNames.RecordAudit:
                    Audited.Add(((AuditEntry)input!).Outcome);
                    if (Audited[^1] == "asks" && Answer is { } answer) Word = await answer();
                    return true;
                default:
                    throw new InvalidOperationException($"Nobody expected step {name}.");
            }
        }

        public async Task<DeleteSnapshotResult> DeleteAsync(DeleteSnapshotInput input)
        {
            if (Deleting is { } deleting) await deleting(input.Snapshot);
            if (VolumeOf(input.Snapshot) < OnStore)
            {
                var copy = (await new FindCopy(_index, new IntentLedger(catalog, time), _destinations, this).RunAsync(null!, new FindCopyInput(input.Snapshot))).Copy!;
                await new EntombCopy(_destinations, new NoAdmission(), Ours(), Microsoft.Extensions.Logging.Abstractions.NullLogger<EntombCopy>.Instance, this).RunAsync(null!, new EntombCopyInput(copy, input.Caller, input.Reason));
                var intents = new IntentLedger(catalog, time);
                await new DeleteManifest(_destinations, intents, this).RunAsync(null!, copy);
                await new DeleteData(_destinations, intents, TimeProvider.System, this).RunAsync(null!, copy);
                await new RemoveTombstone(_destinations, this).RunAsync(null!, copy);
            }

            _destroyed.Add(input.Snapshot);
            return new DeleteSnapshotResult(input.Snapshot.Uuid, Deleted: true, 1);
        }

        private int VolumeOf(RequestKey key) => Volumes[key];

        private Marker Ours() => new(Microsoft.Extensions.Options.Options.Create(new InstallationOptions { Installation = "test" }), time);

        private static SecondaryOptions Options(string store) =>
            new() { Destinations = [new SecondaryDestinationOptions { Name = "nfs1", Path = store, Server = "s", Export = "/e", RequireMount = false, MinimumFreeBytes = 0 }] };

        private async Task PutAsync(Copy copy, string volume, RequestKey key, string data)
        {
            var target = _destinations.Get(null).Store;
            await target.PutAsync(data, new byte[64], CancellationToken);
            if (copy.Held) await target.PutAsync(SnapshotLocations.Hold(new SnapshotAddress(Zone, volume, key.Uuid)), "{}"u8.ToArray(), CancellationToken);
            await new ManifestStore(target).PublishAsync(
                new SnapshotManifest
                {
                    FormatVersion = SnapshotManifest.CurrentFormatVersion, SnapshotId = key.Uuid, Installation = "test", RequestKey = key.Value, CreatedAt = copy.TakenAt, Zone = Zone,
                    Volume = new ManifestVolume { CloudStackId = volume, ArrayClusterUuid = "c", VolumeId = 1, Iqn = "iqn", VirtualSizeBytes = 4096 },
                    Format = SnapshotManifest.VhdFormat, Location = data, DataBytes = 64, DiskBytes = 4096, Root = new string('0', 64), RootAlgorithm = DiskRoot.Algorithm,
                    Consistency = new ManifestConsistency { Kind = ConsistencyKind.Crash, Quiesce = Secondary.Manifests.QuiesceMode.None },
                    Verified = new ManifestVerification { Level = copy.Good ? VerificationLevel.Full : VerificationLevel.Sample, At = copy.TakenAt, By = "test" },
                    Policy = s_policy.Name,
                    Copy = new ManifestCopy { Method = CopyMethod.Offload, StartedAt = copy.TakenAt, EndedAt = copy.TakenAt, Strategy = ResignStrategy.Dedicated, Pool = "p", Host = "h" },
                },
                CancellationToken);
        }
    }

    private sealed class Straight(Run run, TimeProvider time) : TaskOrchestrationContext
    {
        public override TaskName Name => new(nameof(ExpireSnapshots));

        public override string InstanceId => run.InstanceId;

        public override string Version => WorkflowVersions.Current;

        public override ParentOrchestrationInstance? Parent => null;

        public override DateTime CurrentUtcDateTime => time.GetUtcNow().UtcDateTime;

        public override bool IsReplaying => false;

        protected override ILoggerFactory LoggerFactory => NullLoggerFactory.Instance;

        public override T? GetInput<T>() where T : default => default;

        public override async Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null) => (TResult)(await run.StepAsync(name.Name, input))!;

        // Nobody approves: the time runs out at once.
        public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken) => Task.CompletedTask;

        public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
        {
            if (eventName.StartsWith("Approve-", StringComparison.Ordinal) && run.Word is { } word) return Task.FromResult((T)(object)word);
            var never = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            cancellationToken.Register(() => never.TrySetCanceled(cancellationToken));
            return never.Task;
        }

        public override void SendEvent(string instanceId, string eventName, object payload) => throw new NotSupportedException();

        public override void SetCustomStatus(object? customStatus)
        {
        }

        public override async Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null) => (TResult)(object)await run.DeleteAsync((DeleteSnapshotInput)input!);

        public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) => throw new NotSupportedException();

        public override Guid NewGuid() => Guid.Empty;
    }
}
