namespace SnapshotWorkflows.Durable.Host;

/// <summary>The host cannot start, and the person who started it can do something about it: shown as one message, without a stack trace.</summary>
/// <param name="code">A stable, dotted name of the cause.</param>
/// <param name="message">What is wrong and where it was found. Never a secret.</param>
/// <param name="remedy">What to do about it.</param>
/// <param name="exitCode">The exit code of the process, one of <see cref="HostExitCodes"/>.</param>
public sealed class HostStartupException(string code, string message, string remedy, int exitCode = HostExitCodes.Configuration) : Exception(message)
{
    public string Code { get; } = code;

    public string Remedy { get; } = remedy;

    public int ExitCode { get; } = exitCode;
}
