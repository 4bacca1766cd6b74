namespace SnapshotWorkflows.CloudStack;

/// <summary>A call to the management server failed: either it said no, or it could not be reached.</summary>
/// <param name="errorCode">The server's code (430 and up are its own), the HTTP status, or 0 when no answer came.</param>
/// <param name="csErrorCode">The server's number for the kind of exception; 0 when not told.</param>
public class CloudStackException(string command, int errorCode, int csErrorCode, CloudStackErrorKind kind, string message, Exception? inner = null)
    : Exception($"CloudStack {command}: {(errorCode == 0 ? "" : errorCode + ": ")}{message}", inner)
{
    public string Command { get; } = command;

    public int ErrorCode { get; } = errorCode;

    public int CsErrorCode { get; } = csErrorCode;

    public CloudStackErrorKind Kind { get; } = kind;

    public bool OutcomeUnknown => Kind == CloudStackErrorKind.OutcomeUnknown;
}

/// <summary>A write was sent, or may have been, and no answer tells whether it was done. The client never repeats it.</summary>
public sealed class CloudStackOutcomeUnknownException(string command, int errorCode, string message, Exception? inner = null)
    : CloudStackException(command, errorCode, 0, CloudStackErrorKind.OutcomeUnknown, $"{message} It is not known whether the call was done; look before calling again.", inner);
