namespace SnapshotWorkflows.XenServer;

/// <summary>What a caller may do after a failed call.</summary>
public enum XenApiErrorKind
{
    /// <summary>Nothing was done; the same call may succeed later.</summary>
    Transient,

    /// <summary>It is open what was done: look at the resources before calling again.</summary>
    Reconcile,

    /// <summary>The object does not exist (any more).</summary>
    NotFound,

    /// <summary>What is there contradicts the call: it exists already, or something still hangs on it.</summary>
    Conflict,

    /// <summary>No space left; an operator must act.</summary>
    Full,

    /// <summary>Credentials, role or the server's certificate are wrong: a person must mend the settings.</summary>
    PermissionDenied,

    /// <summary>The pool will never accept this call.</summary>
    Permanent,
}
