using System.Globalization;

namespace SnapshotWorkflows.XenServer;

/// <summary>The error codes that matter, and what each means for a caller. Unknown ones are permanent: stop and show a person.</summary>
public static class XenApiErrors
{
    /// <summary>No connection came about; nothing was sent.</summary>
    public const string NotConnected = "NotConnected";

    /// <summary>The connection broke, or the answer could not be read.</summary>
    public const string AnswerLost = "AnswerLost";

    /// <summary>No answer within the deadline.</summary>
    public const string TimedOut = "TimedOut";

    /// <summary>The server's certificate is not trusted; nothing was sent.</summary>
    public const string CertificateNotTrusted = "CertificateNotTrusted";

    /// <summary>An export that broke off, or that carried an error where bytes were expected.</summary>
    public const string ExportBroken = "ExportBroken";

    /// <summary>The pool offers no NBD for the disk; export it instead.</summary>
    public const string NbdUnavailable = "NbdUnavailable";

    /// <summary>A disk that could not be read over NBD, whatever was tried.</summary>
    public const string NbdBroken = "NbdBroken";

    /// <summary>An import that broke off: the disk holds something in between.</summary>
    public const string ImportBroken = "ImportBroken";

    public const string SessionInvalid = "SESSION_INVALID";
    public const string SessionAuthenticationFailed = "SESSION_AUTHENTICATION_FAILED";
    public const string HostIsSlave = "HOST_IS_SLAVE";
    public const string UuidInvalid = "UUID_INVALID";
    public const string HandleInvalid = "HANDLE_INVALID";
    public const string SrUuidExists = "SR_UUID_EXISTS";
    public const string PbdExists = "PBD_EXISTS";
    public const string VdiInUse = "VDI_IN_USE";
    public const string TaskCancelled = "TASK_CANCELLED";
    public const string MessageMethodUnknown = "MESSAGE_METHOD_UNKNOWN";
    public const string MessageRemoved = "MESSAGE_REMOVED";
    public const string MapDuplicateKey = "MAP_DUPLICATE_KEY";
    public const string VmBadPowerState = "VM_BAD_POWER_STATE";
    public const string SrUnknownDriver = "SR_UNKNOWN_DRIVER";
    private const string BackendFailure = "SR_BACKEND_FAILURE_";

    internal static XenApiErrorKind Classify(string code, IReadOnlyList<string> parameters, bool write)
    {
        // Older pools say so when a record of that uuid is there already: an earlier attempt introduced it.
        if (parameters.Any(text => text.Contains("Uniqueness_constraint_violation", StringComparison.Ordinal))) return XenApiErrorKind.Conflict;
        if (code.StartsWith(BackendFailure, StringComparison.Ordinal)) return ClassifyBackend(code.AsSpan(BackendFailure.Length));
        return code switch
        {
            "OTHER_OPERATION_IN_PROGRESS" or "TOO_MANY_PENDING_TASKS" or "TOO_BUSY" or VdiInUse or "CANNOT_CONTACT_HOST" or "HOST_OFFLINE"
                or "HOST_STILL_BOOTING" or "HOST_NOT_LIVE" or "EVENTS_LOST" or "NOT_SUPPORTED_DURING_UPGRADE" or "SR_DEVICE_IN_USE"
                or "SM_PLUGIN_COMMUNICATION_FAILURE" or SessionInvalid or HostIsSlave => XenApiErrorKind.Transient,
            "INTERNAL_ERROR" or "VDI_IO_ERROR" or "VDI_COPY_FAILED" or TaskCancelled or "SR_BACKEND_FAILURE"
                => write ? XenApiErrorKind.Reconcile : XenApiErrorKind.Transient,
            UuidInvalid or HandleInvalid or "VDI_MISSING" => XenApiErrorKind.NotFound,
            SrUuidExists or PbdExists or "LOCATION_NOT_UNIQUE" or "SR_HAS_PBD" or MapDuplicateKey or "DEVICE_ALREADY_ATTACHED"
                or "DEVICE_ALREADY_DETACHED" or "SR_NO_PBDS" or "SR_NOT_ATTACHED" or "OPERATION_NOT_ALLOWED" or VmBadPowerState => XenApiErrorKind.Conflict,
            "SR_FULL" => XenApiErrorKind.Full,
            SessionAuthenticationFailed or "RBAC_PERMISSION_DENIED" or "LICENSE_RESTRICTION" => XenApiErrorKind.PermissionDenied,
            _ => XenApiErrorKind.Permanent,
        };
    }

    /// <summary>Numbers of the storage manager's error table that pass by themselves: locks, unreachable portals and servers, I/O.</summary>
    private static XenApiErrorKind ClassifyBackend(ReadOnlySpan<char> number) => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var code)
        ? code switch
        {
            37 or 46 or 47 or 67 or 68 or 73 or 74 or 83 or 86 or 108 or 141 or 200 or 201 => XenApiErrorKind.Transient,
            44 => XenApiErrorKind.Full,
            42 or 43 => XenApiErrorKind.Conflict,
            _ => XenApiErrorKind.Permanent,
        }
        : XenApiErrorKind.Permanent;
}
