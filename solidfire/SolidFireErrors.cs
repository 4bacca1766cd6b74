namespace SnapshotWorkflows.SolidFire;

/// <summary>The error names that matter, and what each means for a caller.</summary>
/// <remarks>
/// Names as shipping drivers have met them in the field; the vendor publishes no full list. Names not listed are
/// <see cref="SolidFireErrorKind.Rejected"/>: stop and show a person rather than try for ever.
/// </remarks>
public static class SolidFireErrors
{
    /// <summary>No connection came about; nothing was sent.</summary>
    public const string NotConnected = "NotConnected";

    /// <summary>The connection broke, or the answer could not be read.</summary>
    public const string AnswerLost = "AnswerLost";

    /// <summary>No answer within the deadline.</summary>
    public const string TimedOut = "TimedOut";

    /// <summary>The server's certificate is not trusted; nothing was sent.</summary>
    public const string CertificateNotTrusted = "CertificateNotTrusted";

    /// <summary>The reply names another object than the one asked for.</summary>
    public const string WrongObject = "WrongObject";

    /// <summary>Several objects bear a mark that only one of ours should.</summary>
    public const string Ambiguous = "Ambiguous";

    public const string VolumeIdDoesNotExist = "xVolumeIDDoesNotExist";
    public const string SnapshotIdDoesNotExist = "xSnapshotIDDoesNotExist";
    public const string AsyncHandleDoesNotExist = "xAsyncHandleDoesNotExist";
    public const string DbNoSuchPath = "xDBNoSuchPath";
    public const string AlreadyInVolumeAccessGroup = "xAlreadyInVolumeAccessGroup";
    public const string NotInVolumeAccessGroup = "xNotInVolumeAccessGroup";

    internal static SolidFireErrorKind Classify(string name, bool write) => name switch
    {
        // The cluster lost touch with its own parts half-way: a read can be repeated, a write may have been done.
        "xDBOperationTimeout" or "xDBConnectionLoss" or "xNoHandler" or "xRecvTimeout" or "xRpcTimeout"
            or "xDBSessionExpired" or "xDBSessionMoved" or "xDBNoServerResponse" or "xDBClosing" or "xDBInvalidState"
            => write ? SolidFireErrorKind.OutcomeUnknown : SolidFireErrorKind.Transient,
        // xSnapshotFailed and xNotPrimary are documented as passing; after either, drivers still found a snapshot at times.
        "xSnapshotFailed" or "xNotPrimary" => write ? SolidFireErrorKind.OutcomeUnknown : SolidFireErrorKind.Transient,
        "xDBVersionMismatch" or "xSliceNotRegistered" or "xNotReadyForIO" => SolidFireErrorKind.Transient,
        "xMaxSnapshotsPerVolumeExceeded" or "xMaxClonesPerVolumeExceeded" or "xMaxClonesPerNodeExceeded"
            or "xMaxBulkVolumeJobsExceeded" or "xExceededLimit" => SolidFireErrorKind.Busy,
        VolumeIdDoesNotExist or "xVolumeDoesNotExist" or SnapshotIdDoesNotExist or "xSnapshotDoesNotExist"
            or "xVolumeAccessGroupIDDoesNotExist" or "xAccountIDDoesNotExist" or "xUnknownAccount" or "xInitiatorDoesNotExist"
            or "xGroupSnapshotIDDoesNotExist" or "xScheduleIDDoesNotExist" or "xQoSPolicyIDDoesNotExist" or "xCloneIDDoesNotExist" or "xInitiatorIDDoesNotExist" or "xBulkVolumeIDDoesNotExist" or "xGroupCloneIDDoesNotExist"
            or AsyncHandleDoesNotExist or DbNoSuchPath => SolidFireErrorKind.NotFound,
        AlreadyInVolumeAccessGroup or NotInVolumeAccessGroup or "xDuplicateUsername" or "xInitiatorExists" or "xVolumeShrinkProhibited"
            => SolidFireErrorKind.Conflict,
        "xPermissionDenied" or "xAPINotPermitted" or "xAuthenticationFailed" => SolidFireErrorKind.PermissionDenied,
        _ => SolidFireErrorKind.Rejected,
    };
}
