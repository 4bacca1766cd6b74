using Microsoft.Extensions.Logging;

namespace SnapshotWorkflows.Durable.Engine.Replay;

/// <summary>Every line names the instance, in a scope as that of its activities. The scope is made with the line, so that turns which log nothing pay nothing.</summary>
internal sealed class InstanceLoggerFactory(ILoggerFactory inner, string instanceId) : ILoggerFactory
{
    private readonly Dictionary<string, object> _scope = new(StringComparer.Ordinal) { ["InstanceId"] = instanceId };

    public ILogger CreateLogger(string categoryName) => new InstanceLogger(inner.CreateLogger(categoryName), _scope);

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    public void Dispose()
    {
        // The inner factory belongs to the application.
    }

    private sealed class InstanceLogger(ILogger inner, Dictionary<string, object> scope) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            using (inner.BeginScope(scope))
                inner.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
