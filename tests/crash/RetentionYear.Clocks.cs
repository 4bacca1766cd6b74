using Microsoft.Extensions.Logging.Abstractions;
using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.Contracts;
using SnapshotWorkflows.Simulators.Fabric;
using SnapshotWorkflows.Simulators.SolidFire;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.Tests.Support.Time;

namespace SnapshotWorkflows.Tests.Crash;

/// <summary>Clocks that are set while a policy lets copies go by their age.</summary>
public sealed partial class RetentionYear
{
    private const int Aged = 12;

    private static readonly RetentionRule s_twentyDays = new() { MaxAge = TimeSpan.FromDays(20) };

    /// <summary>The clock leaps, with the array's or alone, each volume gets a fresh copy after it, and the policy expires.</summary>
    [Theory]
    [InlineData(1, true, Aged)]
    [InlineData(1, false, Aged)]
    [InlineData(72, true, 0)]
    [InlineData(72, false, 0)]
    [InlineData(144, true, 0)]
    [InlineData(144, false, 0)]
    public async Task A_clock_that_leapt_lets_nothing_go(int hours, bool shared, int goes)
    {
        using var catalog = new DayCatalog(Path.Combine(_folder, "catalog.db"));
        var clock = new ManualTimeProvider();
        var leaping = new Leaping(clock);
        var run = await AgedAsync(catalog, clock, leaping, shared);
        leaping.Ahead = TimeSpan.FromHours(hours);
        var old = Old(clock);
        Assert.Equal(Aged, old.Count);
        await FreshAsync(run, shared ? leaping : clock);
        var result = await run.ExpireAsync();
        Assert.Equal(goes, result.Expired);
        Assert.Equal(_model.Keys.Except(goes > 0 ? old : []).Order(KeyOrder.Instance), run.Remaining().Order(KeyOrder.Instance));
        Assert.Equal(goes > 0 ? [] : ["retention.not-approved"], result.Left.Select(left => left.Code).Distinct());
        if (goes > 0) return;

        // A day of steady ticks, and the same clock is believed; not while the array says otherwise.
        Steady(run, clock, TimeSpan.FromHours(23));
        Assert.Equal(0, (await run.ExpireAsync()).Expired);
        Steady(run, clock, TimeSpan.FromHours(1));
        var later = await run.ExpireAsync();
        Assert.Equal(shared, later.Expired > 0);
        if (shared) return;
        Assert.All(later.Left, left => Assert.Contains("Array array", left.Message, StringComparison.Ordinal));

        // Set right, it made one more step.
        leaping.Ahead = TimeSpan.Zero;
        Assert.Equal(0, (await run.ExpireAsync()).Expired);
        Steady(run, clock, TimeSpan.FromHours(24));
        Assert.True((await run.ExpireAsync()).Expired > 0);
    }

    [Fact]
    public async Task A_person_may_say_that_a_clock_is_right()
    {
        using var catalog = new DayCatalog(Path.Combine(_folder, "catalog.db"));
        var clock = new ManualTimeProvider();
        var leaping = new Leaping(clock);
        var run = await AgedAsync(catalog, clock, leaping, shared: true);
        leaping.Ahead = TimeSpan.FromDays(3);
        run.Answer = () => Task.FromResult(true);
        Assert.Equal(4 * Aged, (await run.ExpireAsync()).Expired);
        Assert.Contains("asks", run.Audited);
    }

    /// <summary>Across a restart nothing tells how much time has passed.</summary>
    [Theory]
    [InlineData(5, true)]
    [InlineData(72, false)]
    public async Task A_service_that_was_off_for_days_waits_a_day(int hours, bool goes)
    {
        using var catalog = new DayCatalog(Path.Combine(_folder, "catalog.db"));
        var clock = new ManualTimeProvider();
        var before = await AgedAsync(catalog, clock, new Leaping(clock), shared: true);
        before.Clock.Observe();
        clock.Advance(TimeSpan.FromHours(hours));
        var after = new Run(catalog, clock, Path.Combine(_folder, "store")) { Volumes = before.Volumes };
        Assert.Equal(goes, (await after.ExpireAsync()).Expired > 0);
        if (goes) return;
        Steady(after, clock, TimeSpan.FromHours(24));
        Assert.True((await after.ExpireAsync()).Expired >= 4 * Aged);
    }

    /// <summary>Forty days, each with a copy of each volume and an expiry; twelve copies are old enough to go.</summary>
    private async Task<Run> AgedAsync(DayCatalog catalog, ManualTimeProvider clock, Leaping leaping, bool shared)
    {
        var network = new InProcessHandler();
        var array = new SolidFireSimulator(new Simulators.SolidFire.SolidFireOptions { Password = "p", Svip = "10.0.0.1", CloneTime = TimeSpan.Zero }, shared ? leaping : clock, new FaultPlan(), SparseVolumeStore.InMemory());
        network.Add("array.test:443", array);
        var arrays = new SolidFireArrays(
            [new SnapshotWorkflows.SolidFire.SolidFireOptions { Name = "array", Endpoint = new Uri("https://array.test/json-rpc/12.5"), Username = "admin", Password = "p" }],
            _ => new HttpClient(network, disposeHandler: false), leaping, NullLogger<SolidFireClient>.Instance);
        var run = new Run(catalog, leaping, Directory.CreateDirectory(Path.Combine(_folder, "store")).FullName, arrays);
        run.Put(s_policy with { Keep = s_twentyDays });
        for (var day = 0; day < 40; day++)
        {
            clock.AdvanceTo(s_start.AddDays(day));
            await FreshAsync(run, clock);
            foreach (var key in Old(clock)) _model.Remove(key);
            await run.ExpireAsync();
            Assert.Equal(_model.Count, run.Remaining().Count);
        }

        clock.AdvanceTo(s_start.AddDays(40));
        return run;
    }

    private async Task FreshAsync(Run run, TimeProvider array)
    {
        for (var volume = 0; volume < Aged; volume++)
        {
            var copy = new Copy(volume, array.GetUtcNow().AddHours(-2), Good: true, Held: false);
            _model.Add(await run.TakeAsync(copy), copy);
        }
    }

    private List<RequestKey> Old(TimeProvider truth) => [.. _model.Where(copy => truth.GetUtcNow() - copy.Value.TakenAt > s_twentyDays.MaxAge).Select(copy => copy.Key)];

    private static void Steady(Run run, ManualTimeProvider clock, TimeSpan time)
    {
        for (var until = clock.GetUtcNow() + time; clock.GetUtcNow() < until; clock.Advance(TimeSpan.FromHours(1))) run.Clock.Observe();
    }

    /// <summary>A wall clock that can be set; the time that it measures goes on as it does.</summary>
    private sealed class Leaping(ManualTimeProvider truth) : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override long TimestampFrequency => truth.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => truth.GetUtcNow() + Ahead;

        public override long GetTimestamp() => truth.GetTimestamp();
    }
}
