namespace SnapshotWorkflows.CloudStack;

/// <summary>What a caller may do after a failed call.</summary>
public enum CloudStackErrorKind
{
    /// <summary>Nothing was done; the same call may succeed in a moment.</summary>
    Transient,

    /// <summary>Nothing was done; the server asks for fewer calls, or the resource is in use.</summary>
    Busy,

    /// <summary>The entity does not exist, or our keys may not see it.</summary>
    NotFound,

    /// <summary>Keys, role, clock or the server's certificate are wrong: a person must mend the settings.</summary>
    PermissionDenied,

    /// <summary>The server will never accept this call.</summary>
    Rejected,

    /// <summary>A write may or may not have been done: look before sending it again.</summary>
    OutcomeUnknown,
}
