namespace SnapshotWorkflows.SolidFire;

/// <summary>What a caller may do after a failed call.</summary>
public enum SolidFireErrorKind
{
    /// <summary>Nothing was done; the same call may succeed in a moment.</summary>
    Transient,

    /// <summary>Nothing was done; a limit is reached, so wait long or free something.</summary>
    Busy,

    /// <summary>The object does not exist (any more).</summary>
    NotFound,

    /// <summary>What is there contradicts the call.</summary>
    Conflict,

    /// <summary>Credentials, role or the server's certificate are wrong: a person must mend the settings.</summary>
    PermissionDenied,

    /// <summary>The cluster will never accept this call.</summary>
    Rejected,

    /// <summary>A write may or may not have been done: look for what it made before sending it again.</summary>
    OutcomeUnknown,
}
