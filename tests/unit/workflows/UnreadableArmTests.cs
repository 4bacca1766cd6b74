using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.GuestSteps;
using SnapshotWorkflows.App.Readiness;
using SnapshotWorkflows.Functions.Triggers;
using SnapshotWorkflows.Tests.Support.Time;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Tests.Unit.Workflows;

/// <summary>A file in the watchdog's folder that cannot be read keeps it from no other machine: it is reported, and kept.</summary>
public sealed class UnreadableArmTests : IXenServerPools, IDisposable
{
    private static readonly string[] s_broken = ["half.arm", "empty.arm", "null.arm", "nobody.arm", "swf-b.arm"];

    private readonly string _folder = Directory.CreateTempSubdirectory("swf-arms-").FullName;
    private readonly ManualTimeProvider _clock = new(new DateTimeOffset(2026, 11, 27, 12, 0, 0, TimeSpan.Zero));
    private readonly List<string> _asked = [];
    private readonly Log _log = new();

    public IReadOnlyList<string> Names => ["production"];

    public XenServerClient CopyPool => throw new NotSupportedException();

    [Fact]
    public void The_others_are_guarded_and_let_go()
    {
        Write("half.arm", """{"marker":"half","pool":"prod""");
        Write("empty.arm", "");
        Write("null.arm", "null");
        Write("nobody.arm", """{"marker":"nobody"}""");
        // Another's marker: taken for its own, it would be removed under that name.
        Write("swf-b.arm", """{"marker":"swf-c","pool":"p","vmUuid":"v","expiresAt":"2026-11-27T11:00:00Z"}""");
        Write("swf-a.arm", """{"marker":"swf-a","pool":"production","vmUuid":"v","expiresAt":"2026-11-27T11:59:59Z"}""");
        var arms = new PauseArms(Options.Create(new PauseOptions { Folder = _folder }), _clock);
        var watchdog = new PauseWatchdog(arms, [this], new Marker(Options.Create(new InstallationOptions { Installation = "test" }), _clock), _clock, _log);

        watchdog.KeepFolder();
        watchdog.KeepFolder();
        _ = watchdog.LetGo(TestContext.Current.CancellationToken);
        _ = watchdog.LetGo(TestContext.Current.CancellationToken);

        Assert.Equal(["production"], _asked);
        Assert.Contains("swf-a@", File.ReadAllText(Path.Combine(_folder, "beat.json")), StringComparison.Ordinal);
        Assert.All(s_broken, name => Assert.True(File.Exists(Path.Combine(_folder, name)), name));
        Assert.All(s_broken, name => Assert.Single(_log.Lines, line => line.StartsWith($"3204 {name}", StringComparison.Ordinal)));
    }

    /// <summary>Its file stays, for a watchdog whose settings name the pool again.</summary>
    [Fact]
    public void One_of_a_pool_that_the_settings_do_not_name_is_told_once_and_not_said_to_be_guarded()
    {
        Write("swf-a.arm", """{"marker":"swf-a","pool":"gone","vmUuid":"v","expiresAt":"2026-11-27T11:59:59Z"}""");
        var arms = new PauseArms(Options.Create(new PauseOptions { Folder = _folder }), _clock);
        var watchdog = new PauseWatchdog(arms, [this], new Marker(Options.Create(new InstallationOptions { Installation = "test" }), _clock), _clock, _log);
        for (var look = 0; look < 5; look++)
        {
            watchdog.KeepFolder();
            _ = watchdog.LetGo(TestContext.Current.CancellationToken);
            _clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Single(_log.Lines);
        Assert.StartsWith("3205 ", _log.Lines[0], StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder, "swf-a.arm")));
        Assert.DoesNotContain("swf-a", File.ReadAllText(Path.Combine(_folder, "beat.json")), StringComparison.Ordinal);
    }

    /// <summary>It is tried twice a second, and the log does not grow with it.</summary>
    [Fact]
    public async Task One_whose_pool_is_away_is_told_once_a_minute()
    {
        Write("swf-a.arm", """{"marker":"swf-a","pool":"production","vmUuid":"v","expiresAt":"2026-11-27T11:59:59Z"}""");
        var arms = new PauseArms(Options.Create(new PauseOptions { Folder = _folder }), _clock);
        var watchdog = new PauseWatchdog(arms, [this], new Marker(Options.Create(new InstallationOptions { Installation = "test" }), _clock), _clock, _log);
        watchdog.KeepFolder();
        for (var gone = 0; gone < 90 * 2; gone++)
        {
            await watchdog.LetGo(TestContext.Current.CancellationToken);
            _clock.Advance(TimeSpan.FromMilliseconds(500));
        }

        Assert.Equal(180, _asked.Count);
        Assert.Equal(2, _log.Lines.Count(line => line.StartsWith("3202 ", StringComparison.Ordinal)));
    }

    /// <summary>Half a file, or none, is no sign of life, and breaks nothing.</summary>
    [Theory]
    [InlineData("""{"at":""")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"at":"2026-11-27T13:00:00Z","processId":1,"guards":[]}""")]
    public void A_beat_that_cannot_be_read_or_is_of_a_time_to_come_is_no_beat(string beat)
    {
        Write("beat.json", beat);
        var arms = new PauseArms(Options.Create(new PauseOptions { Folder = _folder }), _clock);
        Assert.False(arms.IsGuarded);

        // Pauses alone are refused, so traffic is still for this service.
        Assert.Equal(new ReadinessVerdict(Ready: true, Degraded: true), ReadinessVerdict.Of([new ReadinessFinding("hub", true, "", null), WatchdogCheck.Of(arms)]));
        arms.Beat([]);
        Assert.Equal(new ReadinessVerdict(Ready: true, Degraded: false), ReadinessVerdict.Of([WatchdogCheck.Of(arms)]));
    }

    /// <summary>The pool of the arm that is due.</summary>
    public XenServerClient Get(string name)
    {
        _asked.Add(name);
        throw new KeyNotFoundException(name);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string name, string content) => File.WriteAllText(Path.Combine(_folder, name), content);

    private sealed class Log : ILogger<PauseWatchdog>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add($"{eventId.Id} {formatter(state, exception)}");
    }
}
