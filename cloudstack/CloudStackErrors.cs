namespace SnapshotWorkflows.CloudStack;

/// <summary>What the server's codes mean for a caller.</summary>
internal static class CloudStackErrors
{
    public static CloudStackErrorKind Classify(int code, string text, bool write) => code switch
    {
        401 or 403 or 411 or 531 => CloudStackErrorKind.PermissionDenied,
        429 or 536 => CloudStackErrorKind.Busy,
        // Maintenance, resource unavailable: said before anything is done.
        503 or 534 => CloudStackErrorKind.Transient,
        431 when IsMissingEntity(text) => CloudStackErrorKind.NotFound,
        // 530 is whatever went wrong inside; the texts hide the cause, and a write may have come half-way.
        500 or 502 or 504 or 530 => write ? CloudStackErrorKind.OutcomeUnknown : CloudStackErrorKind.Transient,
        _ => CloudStackErrorKind.Rejected,
    };

    /// <summary>The server has one code for a malformed parameter and for an id that it does not find (or does not show us); only the text differs.</summary>
    /// <remarks>The words are the server's parameter worker's; assumed to be the same in all releases.</remarks>
    private static bool IsMissingEntity(string text) =>
        text.Contains("entity does not exist", StringComparison.OrdinalIgnoreCase) || text.Contains("unable to find", StringComparison.OrdinalIgnoreCase);
}
