using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SnapshotWorkflows.Activities;
using SnapshotWorkflows.Activities.GuestSteps;
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

    public IReadOnlyList<string> Names => [];

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
        var watchdog = new PauseWatchdog(arms, this, new Marker(Options.Create(new InstallationOptions { Installation = "test" }), _clock), _clock, _log);

        _ = watchdog.Look(TestContext.Current.CancellationToken);
        _ = watchdog.Look(TestContext.Current.CancellationToken);

        Assert.Equal(["production"], _asked);
        Assert.Contains("swf-a@", File.ReadAllText(Path.Combine(_folder, "beat.json")), StringComparison.Ordinal);
        Assert.All(s_broken, name => Assert.True(File.Exists(Path.Combine(_folder, name)), name));
        Assert.All(s_broken, name => Assert.Single(_log.Lines, line => line.StartsWith($"3204 {name}", StringComparison.Ordinal)));
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
