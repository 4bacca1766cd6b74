using System.Collections;

namespace SnapshotWorkflows.Durable.Host;

/// <summary>What the host takes from its process: replaceable, so that a test can run several hosts side by side with their own clock and environment.</summary>
public sealed class HostSurroundings
{
    /// <summary>Environment variables; null = those of the process.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Gets the one line that says where the host listens.</summary>
    public TextWriter Output { get; init; } = Console.Out;

    /// <summary>Gets the message of a start-up error.</summary>
    public TextWriter Error { get; init; } = Console.Error;

    /// <summary>What the app's own exceptions mean at the start; null for one that it does not know.</summary>
    public Func<Exception, HostStartupException?>? Explain { get; init; }

    /// <summary>Whether log entries go to the process's standard error.</summary>
    public bool LogToConsole { get; init; } = true;

    internal IReadOnlyDictionary<string, string> ReadEnvironment() =>
        Environment ?? System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);
}
