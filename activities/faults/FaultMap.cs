using SnapshotWorkflows.Catalog;
using SnapshotWorkflows.CloudStack;
using SnapshotWorkflows.Secondary;
using SnapshotWorkflows.Secondary.Chunks;
using SnapshotWorkflows.SolidFire;
using SnapshotWorkflows.XenServer;

namespace SnapshotWorkflows.Activities;

/// <summary>What a client's or a store's exception means for the workflow: spelled as the vendor spells it, decided once.</summary>
internal static class FaultMap
{
    /// <summary>Null for what is no fault of a system we talk to: a defect, or our own fault on its way.</summary>
    public static StepFault? Find(Exception failure) => failure switch
    {
        StepFaultException => null,
        SolidFireException array => new StepFault($"solidfire.{array.ErrorName}", Kind(array.Kind), array.Message, Remedy(array.Kind, "the array")),
        SolidFireArraysException arrays => new StepFault(arrays.Code, Kind(arrays.Kind), arrays.Message, arrays.Remedy),
        XenApiException pool => new StepFault($"xenserver.{pool.Code}", Kind(pool.Kind), pool.Message, Remedy(pool.Kind)),
        CloudStackException cloud => new StepFault($"cloudstack.{cloud.ErrorCode}", Kind(cloud.Kind), cloud.Message, Remedy(cloud.Kind)),
        SecondaryException store => new StepFault(store.Code, Kind(store), store.Message, store.Remedy),
        CatalogException catalog => new StepFault(catalog.Code, FaultKind.Transient, catalog.Message, catalog.Remedy),
        Microsoft.Data.Sqlite.SqliteException sqlite => new StepFault("catalog.io", FaultKind.Transient, $"The catalog cannot be written: {sqlite.Message}", "Check the disk of SnapshotWorkflows:StatePath."),
        TimeoutException late => new StepFault("timeout", FaultKind.Transient, late.Message, "Check the network to the appliance."),
        _ => null,
    };

    // A write whose outcome is unknown is tried again: each step looks for what it may have made before it makes it.
    private static FaultKind Kind(SolidFireErrorKind kind) => kind switch
    {
        SolidFireErrorKind.Transient or SolidFireErrorKind.OutcomeUnknown => FaultKind.Transient,
        SolidFireErrorKind.Busy => FaultKind.Busy,
        SolidFireErrorKind.NotFound => FaultKind.NotFound,
        SolidFireErrorKind.Conflict => FaultKind.Conflict,
        _ => FaultKind.Rejected,
    };

    private static FaultKind Kind(XenApiErrorKind kind) => kind switch
    {
        XenApiErrorKind.Transient or XenApiErrorKind.Reconcile => FaultKind.Transient,
        XenApiErrorKind.NotFound => FaultKind.NotFound,
        XenApiErrorKind.Conflict => FaultKind.Conflict,
        _ => FaultKind.Rejected,
    };

    private static FaultKind Kind(CloudStackErrorKind kind) => kind switch
    {
        CloudStackErrorKind.Transient or CloudStackErrorKind.OutcomeUnknown => FaultKind.Transient,
        CloudStackErrorKind.Busy => FaultKind.Busy,
        CloudStackErrorKind.NotFound => FaultKind.NotFound,
        _ => FaultKind.Rejected,
    };

    private static FaultKind Kind(SecondaryException failure) => failure switch
    {
        // Of what was staged and lost only that is written again.
        SecondaryStoreException { Code: StoreCodes.Unavailable or StoreCodes.Io or StoreCodes.StagedLost } => FaultKind.Transient,
        SecondaryStoreException { Code: StoreCodes.Unreadable } => FaultKind.Corrupt,
        SecondaryStoreException { Code: StoreCodes.Missing } => FaultKind.NotFound,
        SecondaryStoreException { Code: StoreCodes.Exists or StoreCodes.FolderNotEmpty } => FaultKind.Conflict,
        SecondaryStoreException => FaultKind.Rejected,
        ChunkException { Code: ChunkCodes.Key or ChunkCodes.Newer or ChunkCodes.Refused or ChunkCodes.SessionClosed } => FaultKind.Rejected,
        ChunkException { Code: ChunkCodes.NoRepository or ChunkCodes.NoSnapshot or ChunkCodes.Purged } => FaultKind.NotFound,
        ChunkException { Code: ChunkCodes.Conflict } => FaultKind.Conflict,
        _ => FaultKind.Corrupt,
    };

    private static string Remedy(SolidFireErrorKind kind, string whom) => kind switch
    {
        SolidFireErrorKind.PermissionDenied => "Check the array's Username, password, role and CertificateSha256 under SolidFire.",
        SolidFireErrorKind.Busy => $"Wait for {whom}'s jobs to end, or raise its limits.",
        SolidFireErrorKind.Transient or SolidFireErrorKind.OutcomeUnknown => $"Check {whom} and the network.",
        _ => $"Look the error up in {whom}'s API reference; {whom}'s events tell more.",
    };

    private static string Remedy(CloudStackErrorKind kind) => kind switch
    {
        CloudStackErrorKind.PermissionDenied => "Check CloudStack:ApiKey, its secret, the server's clock and CloudStack:CertificateSha256.",
        CloudStackErrorKind.Transient or CloudStackErrorKind.OutcomeUnknown or CloudStackErrorKind.Busy => "Check the management server and the network.",
        _ => "Look the code up in CloudStack's API reference; the management server's log tells more.",
    };

    private static string Remedy(XenApiErrorKind kind) => kind switch
    {
        XenApiErrorKind.PermissionDenied => "Check the pool's Username, password, role and CertificateSha256 under XenServer:Pools.",
        XenApiErrorKind.Full => "Free space on the destination, or choose another one.",
        XenApiErrorKind.Transient or XenApiErrorKind.Reconcile => "Check the pool's hosts and the network.",
        _ => "Look the error up in the XenAPI reference; xensource.log and SMlog on the host tell more.",
    };
}
