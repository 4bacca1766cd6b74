using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Xunit;

namespace SnapshotWorkflows.Tests.Unit.Durable.Host;

/// <summary>Keeps what is logged, with scopes and exceptions.</summary>
internal sealed class CollectingLogger : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly SemaphoreSlim _written = new(0);

    public IReadOnlyList<string> Lines => [.. _lines];

    /// <summary>Waits for a line: the host writes those of a request once its answer has gone out, so the client may have it first.</summary>
    public async Task WroteAsync(string part)
    {
        while (!_lines.Any(line => line.Contains(part, StringComparison.Ordinal)))
            Assert.True(await _written.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken), $"No line with '{part}' was written.");
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull
    {
        Write($"scope {state}");
        return null;
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Write($"{formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }

    private void Write(string line)
    {
        _lines.Enqueue(line);
        _written.Release();
    }
}
