using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.Tests.Contracts.TaskHub;

/// <summary>Waits for what an engine says of itself, by the ids of its log lines: what it has decided shows nowhere else.</summary>
internal sealed class LogEvents : ILoggerProvider, ILogger
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, int> _said = [];
    private readonly List<(int Id, int Times, TaskCompletionSource Done)> _waiting = [];

    /// <summary>Ends when the line has been said so many times, counted from the beginning.</summary>
    public Task SaidAsync(int id, int times = 1)
    {
        lock (_gate)
        {
            if (_said.GetValueOrDefault(id) >= times)
                return Task.CompletedTask;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((id, times, done));
            return done.Task;
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
        {
            var times = _said[eventId.Id] = _said.GetValueOrDefault(eventId.Id) + 1;
            foreach (var (id, wanted, done) in _waiting)
            {
                if (id == eventId.Id && times >= wanted)
                    done.TrySetResult();
            }
        }
    }

    public void Dispose()
    {
        // Nothing of its own.
    }
}
