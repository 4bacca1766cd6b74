using Azure;

namespace SnapshotWorkflows.Secondary.Blobs;

/// <summary>What the blob service says, as coded errors. Its own texts are never passed on: they quote signatures and addresses with a SAS in them.</summary>
internal static class BlobErrors
{
    public const string BlobNotFound = "BlobNotFound";
    public const string BlobAlreadyExists = "BlobAlreadyExists";
    public const string ConditionNotMet = "ConditionNotMet";

    public static bool IsOurs(Exception e, CancellationToken cancellation) =>
        e is RequestFailedException or HttpRequestException or AggregateException or (IOException and not FileNotFoundException and not FileLoadException) || (e is OperationCanceledException && !cancellation.IsCancellationRequested);

    /// <summary>Whether the call may have been carried out although it failed.</summary>
    public static bool IsOutcomeUnknown(Exception e) => e is not RequestFailedException { Status: > 0 and < 500 };

    public static bool IsMissing(RequestFailedException e) => e is { Status: 404 } && e.ErrorCode is BlobNotFound or null or "";

    public static bool IsTaken(RequestFailedException e) => e is { Status: 409, ErrorCode: BlobAlreadyExists } || IsChanged(e);

    /// <summary>A condition of the call's own does not hold; a 412 may also be a lease's.</summary>
    public static bool IsChanged(RequestFailedException e) => e is { Status: 412, ErrorCode: ConditionNotMet };

    public static SecondaryStoreException Map(Exception e, string store, string doing)
    {
        if (e is SecondaryStoreException mapped)
            return mapped;
        var refused = e as RequestFailedException;
        var (code, remedy) = refused switch
        {
            { Status: 401 or 403, ErrorCode: "AuthenticationFailed" } or { Status: 401 } =>
                (StoreCodes.Denied, "The key or SAS is wrong or has expired, or this machine's clock is off: renew the credentials of the destination."),
            { Status: 403 } => (StoreCodes.Denied, "Give the credentials the rights read, add, create, write, delete and list on the container, and let this machine's address through the account's firewall."),
            { ErrorCode: "ContainerNotFound" or "ContainerBeingDeleted" or "ResourceNotFound" or "ContainerDisabled" } => (StoreCodes.PathMissing, "Make the container, or correct Container in the settings."),
            { ErrorCode: "InvalidBlockList" } => (StoreCodes.StagedLost, "It goes on from what is still there; blocks that are not committed are kept for 7 days."),
            { Status: 404 } => (StoreCodes.Missing, "Look at the destination and at the name in the manifest; it may have been deleted."),
            { Status: 409, ErrorCode: "BlobImmutableDueToPolicy" or "BlobImmutableDueToLegalHold" or "ContainerImmutableDueToPolicy" or "AccountIsDisabled" } or { ErrorCode: "LeaseIdMissing" } =>
                (StoreCodes.Denied, "A policy, hold or lease on the container or blob forbids it: look at it in the storage account."),
            { Status: 409, ErrorCode: "BlobArchived" or "BlobBeingRehydrated" } =>
                (StoreCodes.Denied, "The blob lies in the archive tier: rehydrate it, and exclude the container from the rule that moved it there."),
            { Status: 409, ErrorCode: BlobAlreadyExists } => (StoreCodes.Exists, "Something of that name exists: look at who made it."),
            { Status: 412 } => (StoreCodes.Changed, "The object was exchanged while it was read: look at who else writes there, then repeat."),
            { Status: 413 or 507 } => (StoreCodes.Full, "The service takes no more of this: look at the limits of the storage account."),
            { Status: 409 or 429 or >= 500 } => (StoreCodes.Unavailable, "Look at the storage account's state and limits if it lasts."),
            { Status: > 0 } => (StoreCodes.Io, "Look the code up in the Blob service's REST reference."),
            _ => (StoreCodes.Unavailable, "Check ServiceUrl, the network and its name resolution if it lasts."),
        };
        return new SecondaryStoreException(code, $"{doing} on '{store}' failed: {Said(e)}.", remedy);
    }

    private static string Said(Exception e) => e switch
    {
        RequestFailedException { Status: > 0 } refused => $"the service answered {refused.Status} {(refused.ErrorCode is { Length: > 0 } code && code.All(char.IsLetterOrDigit) ? code : "")}".TrimEnd(),
        OperationCanceledException => "no answer came in time",
        _ => "the connection was not made or broke",
    };
}
